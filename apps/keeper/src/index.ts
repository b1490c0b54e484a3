export { InstallationError, type InstallationFault } from './error.js';
export { type ClusterSettings, parseClusterSettings } from './cluster-settings.js';
export { prepare, type PrepareResult } from './prepare.js';
