// Over 200 lines: a table of attacks, each row beside its twin that is let in.
// A registry that lies (groups G and C of the attack catalogue), against the running system.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  CosignSigner,
  manifestBytes,
  OCI_INDEX,
  OCI_MANIFEST,
  pushArtifact,
  pushBundle,
  pushLegacySignature,
  type SignatureFault,
  SigningKey,
  TestAuthority,
  type Toxic,
  VirtualLog,
  VirtualRegistry,
} from '#testing';

import { AttackWorld, indented, type Made } from './attacks-world.js';
import { type Answer, patchOf } from './system.js';

let world: AttackWorld;
let elsewhere: VirtualRegistry;
let secure: VirtualRegistry;
const log = new VirtualLog();
const authority = new TestAuthority();

beforeAll(async () => {
  elsewhere = await VirtualRegistry.start();
  secure = await VirtualRegistry.start({ tls: authority.issue() });
  world = await AttackWorld.start('reg', {
    verifiers: 2,
    values: (it) =>
      it.values({
        validators: `  - name: two
    type: cosign
    host:
      rekorPubkey: |
${indented(log.publicKeyPem, 8)}
    trustRoots:
      - name: first
        key: |
${indented(it.team.key.publicKeyPem, 10)}
      - name: second
        key: |
${indented(it.second.key.publicKeyPem, 10)}
  - name: tls
    type: cosign
    cert: |
${indented(authority.pem, 6)}
    trustRoots:
      - name: default
        key: |
${indented(it.team.key.publicKeyPem, 10)}
`,
        rules: `  - pattern: "${it.host}/both/*:*"
    validator: two
    with: { trustRoot: "*", threshold: 2, verifyInTransparencyLog: false }
  - pattern: "${it.host}/logged/*:*"
    validator: two
    with: { trustRoot: first }
  - pattern: "${it.host}/loose/*:*"
    validator: team
    with: { mode: insecureValidateOnly, verifyInTransparencyLog: false }
  - pattern: "${secure.host}/*:*"
    validator: tls
    with: { verifyInTransparencyLog: false }
`,
      }),
  });
});
afterAll(async () => {
  await world?.stop();
  await Promise.all([elsewhere?.stop(), secure?.stop()]);
});

function expectDenied(answer: Answer, code: RegExp): void {
  expect(answer.allowed).toBe(false);
  expect(answer.patch).toBeUndefined();
  expect(answer.status?.message).toMatch(code);
}

function spoil({ path }: Made, rest: string, toxic: Toxic, nth?: number): void {
  world.registry.misbehave({
    path: new RegExp(`^/v2/${path}/${rest}`),
    toxic,
    ...(nth === undefined ? {} : { nth }),
  });
}

/** What the registry does; the twin is the same image, signed and well served, under another name. */
describe('answers that lie', () => {
  const BIG = Buffer.alloc(4 * 1024 * 1024 + 1, 0x20);
  const rows: {
    name: string;
    format?: 'legacy' | 'bundle';
    rest: string;
    toxic: () => Toxic;
    code?: RegExp;
    /** Ask by digest: nothing but signatures is fetched then. */
    pinned?: boolean;
  }[] = [
    {
      name: 'G02 Docker-Content-Digest names other bytes',
      rest: 'manifests/v1$',
      toxic: () => ({ kind: 'headers', headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } }),
    },
    {
      name: 'G04 the bytes of a digest are others (a referrer)',
      format: 'bundle',
      rest: 'manifests/sha256:',
      toxic: () => ({
        kind: 'body',
        body: manifestBytes({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [] }),
      }),
      pinned: true,
    },
    {
      name: 'G07 Content-Type is not the mediaType of the body',
      rest: 'manifests/v1$',
      toxic: () => ({ kind: 'headers', headers: { 'content-type': OCI_INDEX } }),
    },
    {
      name: 'G08 index and manifest in one document',
      rest: 'manifests/v1$',
      toxic: () => ({
        kind: 'answer',
        status: 200,
        headers: { 'content-type': OCI_MANIFEST },
        body: manifestBytes({
          schemaVersion: 2,
          mediaType: OCI_MANIFEST,
          config: { mediaType: 'x/y', size: 1, digest: `sha256:${'1'.repeat(64)}` },
          layers: [],
          manifests: [],
        }),
      }),
    },
    {
      name: 'G09 Docker schema 1',
      rest: 'manifests/v1$',
      toxic: () => ({
        kind: 'answer',
        status: 200,
        headers: { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
        body: manifestBytes({ schemaVersion: 1, fsLayers: [], history: [], signatures: [] }),
      }),
    },
    {
      name: 'G16 a truncated manifest',
      rest: 'manifests/v1$',
      toxic: () => ({ kind: 'truncated' }),
      code: /^CNS-200[47]/,
    },
    {
      name: 'G16 a connection that is reset',
      rest: 'manifests/v1$',
      toxic: () => ({ kind: 'reset' }),
      code: /^CNS-2004/,
    },
    { name: 'G17 a manifest without end', rest: 'manifests/v1$', toxic: () => ({ kind: 'endless' }) },
    {
      name: 'G17 a byte every 200 ms',
      rest: 'manifests/v1$',
      toxic: () => ({ kind: 'drip', everyMs: 200 }),
      code: /^CNS-2006/,
    },
    { name: 'G17 no answer', rest: 'manifests/sha256-', toxic: () => ({ kind: 'hang' }), code: /^CNS-2006/ },
    {
      name: 'G18 a gzip bomb',
      rest: 'manifests/v1$',
      toxic: () => ({ kind: 'gzip-bomb', unpackedBytes: 30_000_000 }),
    },
    {
      name: 'G19 a manifest at another host',
      rest: 'manifests/v1$',
      toxic: () => ({
        kind: 'redirect',
        location: `http://127.0.0.1:${elsewhere.host.split(':')[1]}/v2/x/manifests/v1`,
      }),
      code: /^CNS-2004/,
    },
    {
      name: 'G19 a manifest at a metadata address',
      rest: 'manifests/v1$',
      toxic: () => ({ kind: 'redirect', location: 'http://169.254.169.254/latest/meta-data' }),
      code: /^CNS-2004/,
    },
    {
      name: 'G19 a redirect to itself',
      rest: 'manifests/v1$',
      toxic: () => ({ kind: 'redirect', location: 'v1' }),
      code: /^CNS-2004/,
    },
    {
      name: 'G30 referrers: 403',
      format: 'bundle',
      rest: 'referrers/',
      toxic: () => ({ kind: 'answer', status: 403 }),
      code: /^CNS-2003/,
    },
    {
      name: 'G30 referrers: 500',
      format: 'bundle',
      rest: 'referrers/',
      toxic: () => ({ kind: 'answer', status: 500 }),
      code: /^CNS-2/,
    },
    {
      name: 'G30 the signature’s tag: 503',
      format: 'legacy',
      rest: 'manifests/sha256-.*sig$',
      toxic: () => ({ kind: 'answer', status: 503 }),
      code: /^CNS-2/,
    },
    {
      name: 'G31 429 with an hour’s Retry-After',
      rest: 'manifests/v1$',
      toxic: () => ({ kind: 'answer', status: 429, headers: { 'retry-after': '3600' } }),
      code: /^CNS-2005/,
    },
    {
      name: 'G35 the bytes of a blob are others',
      format: 'bundle',
      rest: 'blobs/',
      toxic: () => ({ kind: 'body', body: '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}' }),
      pinned: true,
    },
    { name: 'G36 a login page', rest: 'manifests/v1$', toxic: () => ({ kind: 'html' }) },
    {
      name: 'G36 a login page for the signature',
      rest: 'manifests/sha256-.*sig$',
      toxic: () => ({ kind: 'html' }),
    },
    {
      name: 'G37 a manifest over 4 MiB',
      rest: 'manifests/v1$',
      toxic: () => ({ kind: 'answer', status: 200, headers: { 'content-type': OCI_MANIFEST }, body: BIG }),
    },
  ];

  test.for(rows)('$name', async ({ format = 'legacy', rest, toxic, code = /^CNS-2007/, pinned = false }) => {
    const [attacked, twin] = await Promise.all([world.image('team', format), world.image('team', format)]);
    spoil(attacked, rest, toxic());
    const started = performance.now();
    const timeout = code.source.includes('2006') ? '1500ms' : '3s';
    const ask = (image: Made) => world.system.review(pinned ? image.pinned : image.name, { timeout });
    const [denied, allowed] = await Promise.all([ask(attacked), ask(twin)]);
    expectDenied(denied, code);
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(allowed).toMatchObject({ allowed: true });
    world.registry.behave();
    if (code.source.includes('2006')) return;
    // Undecided is never remembered: the same image is admitted as soon as the registry is honest.
    expect(await ask(attacked)).toMatchObject({ allowed: true });
  });

  test('G17 after one answer that hung, the next admission of the image is not made to wait for it', async () => {
    const image = await world.image('team');
    spoil(image, 'manifests/v1$', { kind: 'hang' });
    expectDenied(await world.system.review(image.name, { timeout: '1s' }), /^CNS-2006/);
    world.registry.behave();
    expect(await world.system.review(image.name, { timeout: '5s' })).toMatchObject({ allowed: true });
  });

  test('G01 HEAD is never asked, so what it says does not matter', async () => {
    const image = await world.image('team');
    world.registry.misbehave({ path: new RegExp(image.path), method: 'HEAD', toxic: { kind: 'html' } });
    expect(patchOf(await world.system.review(image.name)).at(-1)?.value).toBe(image.pinned);
    expect(world.registry.journal.entries.filter(({ method }) => method === 'HEAD')).toHaveLength(0);
    world.registry.behave();
  });

  test('G03 a tag is fetched once; the second answer of a registry that changes its mind is never asked for', async () => {
    const image = await world.image('team');
    const evil = await world.image('nobody');
    spoil(
      image,
      'manifests/v1$',
      { kind: 'body', body: world.registry.content.manifest(evil.path, 'v1')?.bytes ?? '' },
      2,
    );
    const answer = await world.system.review([image.name, image.name, image.name]);
    expect(
      patchOf(answer)
        .filter(({ op }) => op === 'replace')
        .map(({ value }) => value),
    ).toEqual(Array(3).fill(image.pinned));
    expect(world.registry.journal.count(new RegExp(`/${image.path}/manifests/v1$`))).toBe(1);
    world.registry.behave();
  });

  test('G16 a connection that breaks once is asked again within the deadline', async () => {
    const image = await world.image('team');
    spoil(image, 'manifests/v1$', { kind: 'reset' }, 1);
    expect(await world.system.review(image.name, { timeout: '3s' })).toMatchObject({ allowed: true });
    world.registry.behave();
  });

  test('G19 a blob elsewhere is fetched without credentials and judged by its digest', async () => {
    const image = await world.image('team', 'bundle');
    const blobs = `http://${elsewhere.host}/elsewhere`;
    spoil(image, 'blobs/', { kind: 'redirect', location: blobs });
    elsewhere.misbehave({ path: /^\/elsewhere$/, toxic: { kind: 'answer', status: 200, body: 'evil' } });
    expectDenied(await world.system.review(image.name, { timeout: '3s' }), /^CNS-2/);
    const asked = elsewhere.journal.entries.filter(({ path }) => path === '/elsewhere');
    expect(asked.length).toBeGreaterThan(0);
    for (const { headers } of asked) expect(headers['authorization']).toBeUndefined();
    world.registry.behave();
    elsewhere.behave();
  });

  test('G20 from https to http', async () => {
    const path = 'secure/app';
    const { digest } = await secure.content.pushManifest(path, {
      bytes: world.registry.content.manifest((await world.unsigned()).path, 'v1')?.bytes ?? Buffer.alloc(0),
      mediaType: OCI_MANIFEST,
      tag: 'v1',
    });
    const layer = world.team.signLegacy({ digest, repository: `${secure.host}/${path}` });
    await pushLegacySignature(secure.content, path, digest, [layer]);
    secure.misbehave({
      path: /secure\/app\/manifests\/v1$/,
      toxic: { kind: 'redirect', location: `http://${secure.host}/v2/${path}/manifests/v1` },
    });
    expectDenied(await world.system.review(`${secure.host}/${path}:v1`, { timeout: '3s' }), /^CNS-2004/);
    secure.behave();
    expect(await world.system.review(`${secure.host}/${path}:v1`)).toMatchObject({ allowed: true });
  });

  test('G30 referrers that are not there are none: refused, and not undecided', async () => {
    const image = await world.image('nobody');
    spoil(image, 'referrers/', { kind: 'answer', status: 404 });
    expectDenied(await world.system.review(image.name), /^CNS-1003/);
    world.registry.behave();
  });

  test('G37 more layers than anybody signs', async () => {
    const image = await world.unsigned();
    const junk = Buffer.from('junk');
    await pushLegacySignature(
      world.registry.content,
      image.path,
      image.digest,
      Array.from({ length: 1_025 }, () => ({ bytes: junk, mediaType: 'x/y' })),
    );
    expectDenied(await world.system.review(image.name, { timeout: '3s' }), /^CNS-2007/);
  });
});

describe('signatures', () => {
  const FAULTS: { fault: SignatureFault; code: RegExp }[] = [
    { fault: 'other-digest', code: /^CNS-1005/ },
    { fault: 'payload-edited', code: /^CNS-1004/ },
    { fault: 'signature-byte', code: /^CNS-1004/ },
    { fault: 'claim-type', code: /^CNS-10/ },
  ];
  const ID: Record<string, string> = { 'other-digest': 'C01', 'claim-type': 'C37' };
  test.for(
    FAULTS.flatMap((row) =>
      (['legacy', 'bundle'] as const).flatMap((format) =>
        ['', 'loose/'].map((folder) => ({
          ...row,
          format,
          folder,
          id: row.fault === 'other-digest' && folder !== '' ? 'C02' : (ID[row.fault] ?? 'C01'),
        })),
      ),
    ),
  )('$id $format signature with $fault ($folder)', async ({ fault, format, folder, code }) => {
    const image = await world.unsigned(folder);
    const { path, digest, pushed } = image;
    if (format === 'legacy') {
      const layer = world.team.signLegacy({ digest, repository: `${world.host}/${path}`, fault });
      await pushLegacySignature(world.registry.content, path, digest, [layer]);
    } else await pushBundle(world.registry.content, path, pushed, world.team.signBundle({ digest, fault }));
    for (const answer of await world.both(image.name)) expectDenied(answer, code);
    const twin = await world.image('team', format, folder);
    expect(await world.system.review(twin.name)).toMatchObject({ allowed: true });
  });

  test('C02 P07 validate-only writes nothing, and a digest in the reference is the digest that is proven', async () => {
    const [image, evil] = await Promise.all([
      world.image('team', 'legacy', 'loose/'),
      world.image('nobody', 'legacy', 'loose/'),
    ]);
    const answer = await world.system.review(image.name);
    expect(answer).toMatchObject({ allowed: true });
    expect(answer.patch).toBeUndefined();
    // The tag is the signed image's, the digest is not: what runs is the digest.
    expectDenied(await world.system.review(`${image.name}@${evil.digest}`), /^CNS-1/);
    expect(await world.system.review(image.pinned)).toMatchObject({ allowed: true });
  });

  test('C07 one signature many times, and many signatures by one key, are one signer', async () => {
    const image = await world.unsigned('both/');
    const { path, digest, pushed } = image;
    const repository = `${world.host}/${path}`;
    const once = world.team.signLegacy({ digest, repository });
    const layers = [
      once,
      once,
      once,
      ...Array.from({ length: 4 }, () => world.team.signLegacy({ digest, repository })),
    ];
    await pushLegacySignature(world.registry.content, path, digest, layers);
    await pushBundle(world.registry.content, path, pushed, world.team.signBundle({ digest }));
    expectDenied(await world.system.review(image.name), /^CNS-1/);
    const twin = await world.unsigned('both/');
    await world.sign(twin, world.team, 'legacy');
    await world.sign(twin, world.second, 'bundle');
    expect(await world.system.review(twin.name)).toMatchObject({ allowed: true });
  });

  test.for([
    { fault: 'log-other-artifact' as const },
    { fault: 'log-other-signature' as const },
    { fault: 'log-other-key' as const },
    { fault: 'log-promise' as const },
    { fault: 'not logged' as const },
    { fault: 'another log' as const },
  ])('C28 $fault', async ({ fault }) => {
    for (const format of ['legacy', 'bundle'] as const) {
      const [image, twin] = await Promise.all([world.unsigned('logged/'), world.unsigned('logged/')]);
      const using = fault === 'not logged' ? undefined : fault === 'another log' ? new VirtualLog() : log;
      const asked = fault === 'not logged' || fault === 'another log' ? undefined : fault;
      await pushLogged(image, format, using, asked);
      await pushLogged(twin, format, log, undefined);
      expectDenied(await world.system.review(image.name), /^CNS-1/);
      expect(await world.system.review(twin.name)).toMatchObject({ allowed: true });
    }
  });

  test('C40 an empty .sig manifest, a bundle without signatures, a signature of no bytes', async () => {
    const [empty, without, blank] = await Promise.all([world.unsigned(), world.unsigned(), world.unsigned()]);
    await pushLegacySignature(world.registry.content, empty.path, empty.digest, []);
    const bundle = world.team.signBundle({ digest: without.digest });
    bundle.dsseEnvelope.signatures = [];
    await pushBundle(world.registry.content, without.path, without.pushed, bundle);
    const layer = world.team.signLegacy({ digest: blank.digest, repository: `${world.host}/${blank.path}` });
    await pushLegacySignature(world.registry.content, blank.path, blank.digest, [
      { ...layer, annotations: { 'dev.cosignproject.cosign/signature': '' } },
    ]);
    for (const { name } of [empty, without, blank]) expectDenied(await world.system.review(name), /^CNS-1/);
  });

  test('C41 too many signatures deny, always the same way, in little time; a hundred with the good one last do not', async () => {
    const junk = (image: Made, count: number) =>
      Array.from({ length: count }, (_, index) => ({
        ...world.stranger.signLegacy({
          digest: image.digest,
          repository: `${world.host}/${image.path}`,
          optional: { index },
        }),
      }));
    const [flood, twin] = await Promise.all([world.unsigned(), world.unsigned()]);
    const good = (image: Made) =>
      world.team.signLegacy({ digest: image.digest, repository: `${world.host}/${image.path}` });
    await pushLegacySignature(world.registry.content, flood.path, flood.digest, [
      ...junk(flood, 300),
      good(flood),
    ]);
    await pushLegacySignature(world.registry.content, twin.path, twin.digest, [
      ...junk(twin, 99),
      good(twin),
    ]);
    const started = performance.now();
    const answers = [await world.system.review(flood.name), await world.system.review(flood.name)];
    expect(performance.now() - started).toBeLessThan(4_000);
    for (const answer of answers) expectDenied(answer, /^CNS-[12]/);
    expect(await world.system.review(twin.name)).toMatchObject({ allowed: true });
  });

  test('C44 a weaker signature beside a good one neither helps nor harms', async () => {
    const image = await world.image('team', 'bundle');
    const layer = world.stranger.signLegacy({
      digest: image.digest,
      repository: `${world.host}/${image.path}`,
    });
    await pushLegacySignature(world.registry.content, image.path, image.digest, [layer]);
    expect(await world.system.review(image.name)).toMatchObject({ allowed: true });
    const weak = await world.unsigned();
    await pushBundle(
      world.registry.content,
      weak.path,
      weak.pushed,
      world.team.signBundle({ digest: weak.digest, fault: 'other-digest' }),
    );
    await pushLegacySignature(world.registry.content, weak.path, weak.digest, [
      world.stranger.signLegacy({ digest: weak.digest, repository: `${world.host}/${weak.path}` }),
    ]);
    expectDenied(await world.system.review(weak.name), /^CNS-1/);
  });

  test('C37 an attestation by a trusted key is no signature', async () => {
    const image = await world.unsigned();
    await pushBundle(
      world.registry.content,
      image.path,
      image.pushed,
      world.team.signBundle({ digest: image.digest, fault: 'claim-type' }),
    );
    expectDenied(await world.system.review(image.name), /^CNS-1/);
  });

  test('a signature of an image in one repository is none in another that has other bytes, and one of the same bytes elsewhere stays there', async () => {
    const [signed, other] = await Promise.all([world.image('team'), world.unsigned()]);
    // The same signature artifact under the other image's tag.
    const stored = world.registry.content.manifest(signed.path, `${signed.digest.replace(':', '-')}.sig`);
    await world.registry.content.pushManifest(other.path, {
      bytes: stored?.bytes ?? Buffer.alloc(0),
      mediaType: OCI_MANIFEST,
      tag: `${other.digest.replace(':', '-')}.sig`,
    });
    expectDenied(await world.system.review(other.name), /^CNS-1/);
  });

  test('keys that look alike: a key of another kind signs nothing here', async () => {
    const image = await world.unsigned();
    await world.sign(image, new CosignSigner('Ed25519'));
    expectDenied(await world.system.review(image.name), /^CNS-1004/);
    expect(new SigningKey('P-256').publicKeyPem).not.toBe(world.team.key.publicKeyPem);
  });

  test('P15 what was not judged in time is not admitted; the answer says how far it came', async () => {
    const [quick, slow] = await Promise.all([world.image('team'), world.image('team')]);
    spoil(slow, 'manifests/v1$', { kind: 'hang' });
    const answer = await world.system.review([quick.name, slow.name], { timeout: '1s' });
    expectDenied(answer, /^CNS-2006 .* timed out after validating 1\/2 images/);
    world.registry.behave();
    const twin = await world.image('team');
    expect(await world.system.review([quick.name, twin.name])).toMatchObject({ allowed: true });
  });
});

async function pushLogged(
  { path, digest, pushed }: Made,
  format: 'legacy' | 'bundle',
  using: VirtualLog | undefined,
  fault: SignatureFault | undefined,
): Promise<void> {
  if (format === 'bundle') {
    await pushBundle(
      world.registry.content,
      path,
      pushed,
      world.team.signBundle({ digest, log: using, fault }),
    );
    return;
  }
  const layer = world.team.signLegacy({ digest, repository: `${world.host}/${path}`, log: using, fault });
  await pushArtifact(world.registry.content, path, {
    layers: [layer],
    tag: `${digest.replace(':', '-')}.sig`,
  });
}
