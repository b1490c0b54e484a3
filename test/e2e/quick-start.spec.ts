// Upstream's quick start, word for word, as a person has it: helm and kubectl, and what they print.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { MINORS } from '../interop/world/index.js';
import { Cluster } from './cluster.js';
import { expectAdmitted, expectDenied } from './expect-denied.js';
import { imagesIn, KINDS, manifest, oneContainer, podIn } from './manifests.js';

const SIGNED = 'docker.io/securesystemsengineering/testimage:signed';
const UNSIGNED = 'docker.io/securesystemsengineering/testimage:unsigned';

describe.for(MINORS)('the quick start on %s', (minor) => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start(minor);
    await cluster.install();
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  test('an unsigned image is denied, in the words that Connaisseur 3 has', async () => {
    const { code, stderr } = await cluster.plane.tryKubectl(['run', 'demo', `--image=${UNSIGNED}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^Error from server: admission webhook "connaisseur-svc\.connaisseur\.svc" denied the request: /,
    );
    expect(stderr).toContain(UNSIGNED);
  });

  test('a signed one is created, runs and is pinned to the digest that was signed', async () => {
    expect(await cluster.plane.kubectl(['run', 'demo', `--image=${SIGNED}`])).toBe('pod/demo created\n');
    await cluster.plane.kubectl(['wait', '--for=condition=Ready', 'pod/demo', '--timeout=30s']);
    expect(await cluster.plane.kubectl(['get', 'pods'])).toMatch(/^demo\s+1\/1\s+Running/m);
    expect(await cluster.read('{.spec.containers[0].image}', 'pod', 'demo')).toMatch(
      /^docker\.io\/securesystemsengineering\/testimage(?::signed)?@sha256:[0-9a-f]{64}$/,
    );
  });

  test.for(KINDS)('a %s is let in pinned or denied by its image', async (kind) => {
    const name = kind.toLowerCase();
    await expectDenied(cluster.create(manifest(kind, name, oneContainer(UNSIGNED))));
    await expectAdmitted(cluster.create(manifest(kind, name, oneContainer(SIGNED))));
    expect(imagesIn(podIn(await cluster.get(kind, name, 'default')))[0]).toMatch(/@sha256:[0-9a-f]{64}$/);
  });
});
