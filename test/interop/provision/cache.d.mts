export function cacheFolder(env?: NodeJS.ProcessEnv): string;
export function toolFolder(tool: { readonly name: string; readonly version: string }): string;
