export { CommandError, type CommandResult, runCommand } from './command.js';
export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './control-plane.js';
export { type RouteOptions } from './service-routes.js';
export { kubeconfigText, tokenUser } from './kubeconfig.js';
export { findPlaneTools, type Minor, MINORS, type PlaneTools, toolPath } from './tools.js';
export { waitFor, type WaitOptions } from './wait-for.js';
