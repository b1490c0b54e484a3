export type { ListeningAddress } from './gateway.module.js';
export type { GatewayOptions } from './gateway-options.js';
export { type RunningGateway, startGateway } from './start-gateway.js';
export { FixedTls, TlsFiles, type TlsMaterial, TlsSource } from './webhook/tls-material.js';
