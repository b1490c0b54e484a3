import { DOCKER_HUB } from './host.js';
import type { ImageReference } from './image-reference.js';

/** Connaisseur 3.10's name of Docker Hub. */
const CONNAISSEUR_HUB = 'index.docker.io';

/**
 * The name that Connaisseur 3.10 matches patterns against. A function of the canonical reference alone, so that one
 * image has one name in every process: capitals in a host, `:443` and the lesser-known aliases of Docker Hub are gone.
 */
export function connaisseurName(image: ImageReference): string {
  const canonical = image.toString();
  if (image.host === DOCKER_HUB) return CONNAISSEUR_HUB + canonical.slice(DOCKER_HUB.length);
  // A first component without dot and colon is a namespace of Docker Hub there, `localhost` too.
  return image.host === 'localhost' ? `${CONNAISSEUR_HUB}/${canonical}` : canonical;
}
