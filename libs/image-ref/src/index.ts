export { ImageReferenceError, type ImageReferenceFault } from './error.js';
export { type Digest, DIGEST_PATTERN, digestOf, isDigest, parseDigest } from './digest.js';
export { ImageReference, parseImageReference } from './image-reference.js';
export { DOCKER_HUB, isHost, parseHost } from './host.js';
export { connaisseurName } from './connaisseur-name.js';
