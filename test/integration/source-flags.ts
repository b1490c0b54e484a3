/** Node runs TypeScript as it is, but for the names of relative imports. */
const HOOK = `import { registerHooks } from 'node:module';
registerHooks({ resolve(name, context, next) {
  try { return next(name, context); } catch (error) {
    if (!name.endsWith('.js')) throw error;
    return next(name.slice(0, -3) + '.ts', context);
  }
} });`;

/** Flags with which Node runs a program of the sources. */
export const SOURCE_FLAGS: readonly string[] = [
  '--conditions=source',
  '--import',
  `data:text/javascript,${encodeURIComponent(HOOK)}`,
];
