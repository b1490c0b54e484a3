import { expect, test } from 'vitest';

import { digestOf } from '#image-ref';

import { InMemorySignatureSource } from './in-memory-signature-source.js';
import { StoppableSource } from './stoppable-source.js';

const REPOSITORY = { host: 'registry.example.org', path: 'team/app' };
const SIGNAL = new AbortController().signal;
const DIGEST = digestOf(Buffer.from('x'));
const BLOB = { mediaType: 'text/plain', digest: DIGEST, size: 1, annotations: new Map<string, string>() };

const CALLS = [
  { name: 'manifest', ask: (source: StoppableSource) => source.manifest(REPOSITORY, 'v1', SIGNAL) },
  { name: 'referrers', ask: (source: StoppableSource) => source.referrers(REPOSITORY, DIGEST, SIGNAL) },
  { name: 'blob', ask: (source: StoppableSource) => source.blob(REPOSITORY, BLOB, 1, SIGNAL) },
];

test.for(CALLS)(
  '$name asks until the stop, ends what was asked, and asks nothing after it',
  async ({ ask }) => {
    const stop = new AbortController();
    const source = new StoppableSource(new InMemorySignatureSource(), stop.signal);
    const before = ask(source);
    stop.abort(new DOMException('enough', 'AbortError'));
    await expect(before).resolves.not.toThrow();
    await expect(ask(source)).rejects.toMatchObject({ name: 'AbortError' });
  },
);
