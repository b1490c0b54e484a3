import { expect, test } from 'vitest';

import { parseImageReference } from '#image-ref';
import { Trace } from '#validator';

import { StaticValidator } from './index.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;

test.for([
  {
    name: 'approve keeps the reference’s own digest',
    approve: true,
    image: `nginx@${DIGEST}`,
    digest: DIGEST,
  },
  { name: 'approve of a tag has no digest', approve: true, image: 'nginx:1.27', digest: undefined },
  {
    name: 'approve of a tag and a digest keeps the digest',
    approve: true,
    image: `nginx:1@${DIGEST}`,
    digest: DIGEST,
  },
  { name: 'deny refuses a digest', approve: false, image: `nginx@${DIGEST}`, code: 'CNS-1002' },
  { name: 'deny refuses a tag', approve: false, image: 'nginx:1.27', code: 'CNS-1002' },
])('$name', async ({ approve, image, digest, code }) => {
  const trace = new Trace();
  const check = new StaticValidator({ name: 'gate', approve }).bind();
  const proof = check.check(parseImageReference(image), {
    now: new Date(0),
    signal: new AbortController().signal,
    trace,
  });
  if (code === undefined) await expect(proof).resolves.toEqual({ digest });
  else await expect(proof).rejects.toMatchObject({ name: 'RefusedError', code });
  expect(trace.steps).toMatchObject([{ step: 'static', ok: approve }]);
  expect(check).toMatchObject({ ground: 'static', readsTag: false });
});
