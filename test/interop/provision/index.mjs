// What tests ask of provisioning (`#provision`): which tools there are, where they lie, and how they get there.
export { cacheFolder, installOnce, toolFolder, tryThrice } from './cache.mjs';
export { wrapperModule } from './kubernetes.mjs';
export { API_SERVERS, isThere, TOOLS } from './tools.mjs';
