export interface ToolVersion {
  readonly name: string;
  readonly version: string;
}
export interface Tool extends ToolVersion {
  readonly verb: 'built' | 'unpacked' | 'installed';
}
export const API_SERVERS: { readonly '1.34': string; readonly '1.35': string };
export const TOOLS: readonly Tool[];
export function isThere(tool: Tool): boolean;
export function cacheFolder(env?: NodeJS.ProcessEnv): string;
export function toolFolder(tool: ToolVersion): string;
export function installOnce(
  tool: ToolVersion,
  build: (place: { readonly scratch: string; readonly finished: string }) => Promise<void>,
): Promise<'have' | 'made'>;
export function tryThrice<T>(
  action: () => Promise<T>,
  io?: { readonly wait?: (ms: number) => Promise<void>; readonly tell?: (line: string) => void },
): Promise<T>;
export function wrapperModule(goMod: string, version: string): string;
