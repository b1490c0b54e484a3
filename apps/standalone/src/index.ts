export { makeOwnCertificate, type OwnCertificate } from './own-certificate.js';
export { type PrivateRedis, startPrivateRedis } from './private-redis.js';
export { type RunningStandalone, type StandaloneOptions, startStandalone } from './start-standalone.js';
export { Undo } from './undo.js';
