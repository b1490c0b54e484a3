import { ImageReferenceError } from './error.js';
import { MAX_NAME, PATH_COMPONENT } from './grammar.js';
import { DOCKER_HUB, isHost, parseHost } from './host.js';

/** Name without tag and digest to canonical host and path, with the runtimes' defaults filled in. */
export function normalizeName(name: string): { host: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(0, slash));
  const named = slash !== -1 && isHost(first);

  const host = named ? parseHost(first) : DOCKER_HUB;
  const path = inLibrary(host, named ? name.slice(slash + 1) : name);
  assertPath(path);
  if (host.length + 1 + path.length > MAX_NAME) {
    throw new ImageReferenceError('too-long', `expected at most ${MAX_NAME} characters of host and path`);
  }
  return { host, path };
}

/** Docker Hub's official images live in `library/`. */
function inLibrary(host: string, path: string): string {
  return host === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
}

function assertPath(path: string): void {
  for (const component of path.split('/')) {
    if (PATH_COMPONENT.test(component)) continue;
    if (/[A-Z]/.test(component)) {
      throw new ImageReferenceError('upper-case', 'expected a repository path in lower case');
    }
    throw new ImageReferenceError(
      'path',
      'expected path components of lower-case letters and digits, joined by one of ". _ __ -"',
    );
  }
}
