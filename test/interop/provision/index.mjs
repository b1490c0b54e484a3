// What tests ask of provisioning (`#provision`): which tools there are, and where they lie.
export { cacheFolder, toolFolder } from './cache.mjs';
export { API_SERVERS, isThere, TOOLS } from './tools.mjs';
