export interface Tool {
  readonly name: string;
  readonly version: string;
}
export const API_SERVERS: { readonly '1.34': string; readonly '1.35': string };
export const TOOLS: readonly Tool[];
export function isThere(tool: Tool): boolean;
export function cacheFolder(env?: NodeJS.ProcessEnv): string;
export function toolFolder(tool: Tool): string;
