export { type CloudRegistry, cloudRegistry } from './cloud-registry.js';
export { cloudProviders } from './cloud-providers.js';
export { type CloudToken, CloudTokenError, type TokenProvider } from './cloud-token.js';
export { keychainEnvironment } from './environment.js';
export { Keychain, type KeychainOptions, type TokenProviders } from './keychain.js';
