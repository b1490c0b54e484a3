export type { GatewayOptions } from './gateway-options.js';
export { type RunningGateway, startGateway } from './start-gateway.js';
export { FixedTls, TlsFiles, type TlsMaterial, TlsSource } from './webhook/tls-material.js';
export type { ListeningAddress } from './webhook-lifecycle.js';
