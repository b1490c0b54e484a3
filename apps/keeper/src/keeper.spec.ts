// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

import { bundleHolds, isTrustedBy, joinBundle, lifeOf } from '#certificates';
import { isJsonObject, type JsonObject, orAbsent } from '#kubernetes';
import { VirtualCluster } from '#testing';

import { DAY_MS, Installation, MUTATING, settingsText, signal, VALIDATING } from '../test/installation.js';
import { endBreakGlass, openBreakGlass } from './break-glass.js';
import { disarm } from './disarm.js';
import { secretPlace } from './places.js';
import { filesOf } from './secrets.js';
import { type Webhook, webhooksOf } from './webhook-manifests.js';

const MANAGER = { fieldManager: 'kubectl-edit' };
const noSleep = (): Promise<void> => Promise.resolve();

async function edit(
  { api }: Installation,
  place: typeof MUTATING,
  change: (webhook: Webhook) => JsonObject,
): Promise<void> {
  const live = await api.get(place, signal);
  await api.patch(place, { webhooks: webhooksOf(live.body).map(change) }, MANAGER, signal);
}

test('arming is idempotent, and waits for a gateway', async () => {
  const installation = new Installation(new VirtualCluster());
  const { prepare } = await import('./prepare.js');
  await prepare(installation.api, installation.settings, { now: installation.now }, signal);
  await expect(installation.arm(() => Promise.resolve('ECONNREFUSED'))).rejects.toMatchObject({
    code: 'gateway-silent',
  });
  expect(await orAbsent(installation.api.get(MUTATING, signal))).toBeUndefined();
  let asked = 0;
  await installation.arm(() => Promise.resolve((asked += 1) < 3 ? 'ECONNREFUSED' : undefined));
  const first = await installation.webhooks();
  await installation.arm();
  expect((await installation.webhooks()).map(({ resourceVersion }) => resourceVersion)).toEqual(
    first.map(({ resourceVersion }) => resourceVersion),
  );
});

test('D11 before the first arm and after disarm the keeper makes no webhook', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  await disarm({ api: installation.api, settings: installation.settings, sleep: noSleep }, signal);
  await installation.keeper.look(signal);
  expect(await orAbsent(installation.api.get(MUTATING, signal))).toBeUndefined();
  expect(await installation.count('connaisseur_webhook_drift_total')).toBe(0);
  await installation.arm();
  expect(await installation.webhooks()).toHaveLength(2);
});

test('D09 disarm leaves what is not ours alone', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  await installation.api.patch(
    MUTATING,
    { metadata: { labels: { 'app.kubernetes.io/part-of': 'other' } } },
    MANAGER,
    signal,
  );
  expect(
    await disarm({ api: installation.api, settings: installation.settings, sleep: noSleep }, signal),
  ).toEqual(['ValidatingWebhookConfiguration']);
  expect(await orAbsent(installation.api.get(MUTATING, signal))).toBeDefined();
});

test.for([
  { name: 'another release', settings: { release: 'second' } },
  { name: 'another namespace', settings: { namespace: 'second' } },
])('D14 disarm of $name leaves the webhooks of this one alone, and nothing behind', async ({ settings }) => {
  const installation = await Installation.armed(new VirtualCluster());
  const other = { ...installation.settings, ...settings };
  expect(await disarm({ api: installation.api, settings: other, sleep: noSleep }, signal)).toEqual([]);
  expect(await installation.webhooks()).toHaveLength(2);
});

test.for<{ name: string; field: string; change: (webhook: Webhook) => JsonObject }>([
  { name: 'failurePolicy', field: 'failurePolicy', change: (hook) => ({ ...hook, failurePolicy: 'Ignore' }) },
  { name: 'timeoutSeconds', field: 'timeoutSeconds', change: (hook) => ({ ...hook, timeoutSeconds: 1 }) },
  { name: 'no rules', field: 'rules', change: (hook) => ({ ...hook, rules: [] }) },
  {
    name: 'a smaller scope',
    field: 'rules',
    change: (hook) => ({
      ...hook,
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    }),
  },
  {
    name: 'an object selector',
    field: 'objectSelector',
    change: (hook) => ({ ...hook, objectSelector: { matchLabels: { a: 'b' } } }),
  },
  {
    name: 'a wider exemption',
    field: 'namespaceSelector',
    change: (hook) => ({ ...hook, namespaceSelector: { matchLabels: { a: 'b' } } }),
  },
  {
    name: 'a condition',
    field: 'matchConditions',
    change: (hook) => ({ ...hook, matchConditions: [{ name: 'x', expression: 'false' }] }),
  },
  {
    name: 'the condition of break-glass without its end and reason',
    field: 'matchConditions',
    change: (hook) => ({ ...hook, matchConditions: [{ name: 'break-glass', expression: 'false' }] }),
  },
  { name: 'matchPolicy', field: 'matchPolicy', change: (hook) => ({ ...hook, matchPolicy: 'Exact' }) },
  { name: 'sideEffects', field: 'sideEffects', change: (hook) => ({ ...hook, sideEffects: 'None' }) },
  {
    name: 'another server',
    field: 'clientConfig',
    change: (hook) => ({ ...hook, clientConfig: { url: 'https://evil.example' } }),
  },
  {
    name: 'another authority',
    field: 'clientConfig',
    change: (hook) => ({
      ...hook,
      clientConfig: { ...(isJsonObject(hook['clientConfig']) && hook['clientConfig']), caBundle: 'eA==' },
    }),
  },
  {
    name: 'another name',
    field: 'webhook-missing',
    change: (hook) => ({ ...hook, name: 'other.connaisseur.svc' }),
  },
])('D02 $name is seen, counted, told and put right', async ({ field, change }) => {
  const installation = await Installation.armed(new VirtualCluster());
  await installation.keeper.look(signal);
  expect(await installation.count('connaisseur_webhook_drift_total')).toBe(0);
  const before = (await installation.webhooks()).map(({ body }) => body['webhooks']);
  for (const place of [MUTATING, VALIDATING]) await edit(installation, place, change);
  await installation.keeper.look(signal);
  const after = (await installation.webhooks()).map(({ body }) => body['webhooks']);
  expect(after).toEqual(before);
  // A condition without an end counts as an opening that is over.
  const isGlass = await installation.count('connaisseur_break_glass_total', { event: 'expired' });
  expect((await installation.count('connaisseur_webhook_drift_total', { field })) + isGlass).toBeGreaterThan(
    0,
  );
  expect(installation.events('WebhookDrift') + installation.events('BreakGlassEnded')).toBeGreaterThan(0);
  const drift = await installation.count('connaisseur_webhook_drift_total');
  await installation.keeper.look(signal);
  expect(await installation.count('connaisseur_webhook_drift_total')).toBe(drift);
});

test('D01 a deleted configuration is made again, and what the API server fills in is no drift', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  const defaults = (hook: Webhook): JsonObject => ({
    matchPolicy: 'Equivalent',
    objectSelector: {},
    reinvocationPolicy: 'Never',
    ...hook,
    rules: (hook['rules'] as JsonObject[]).map((rule) => ({ scope: '*', ...rule })),
    clientConfig: withPort(hook['clientConfig']),
  });
  await edit(installation, MUTATING, defaults);
  await installation.api.delete(VALIDATING, {}, signal);
  await installation.keeper.look(signal);
  expect(await installation.webhooks()).toHaveLength(2);
  expect(
    await installation.count('connaisseur_webhook_drift_total', {
      configuration: 'MutatingWebhookConfiguration',
    }),
  ).toBe(0);
  expect(await installation.count('connaisseur_webhook_drift_total', { field: 'missing' })).toBe(1);
});

function withPort(client: unknown): unknown {
  const service = isJsonObject(client) ? client['service'] : {};
  return {
    ...(isJsonObject(client) && client),
    service: { ...(isJsonObject(service) && service), port: 443 },
  };
}

const isOpen = async (installation: Installation): Promise<boolean> =>
  (await installation.webhooks()).every(({ body }) => JSON.stringify(body).includes('"break-glass"'));

test('break-glass is left alone while it is in force, told once, and ends by itself', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  const until = new Date(installation.now.getTime() + 30 * 60_000);
  await openBreakGlass(installation.api, { until, reason: 'registry is down', by: 'ann' }, signal);
  for (let look = 0; look < 3; look += 1) await installation.keeper.look(signal);
  expect(await isOpen(installation)).toBe(true);
  expect(await installation.count('connaisseur_break_glass_active')).toBe(1);
  expect(await installation.count('connaisseur_break_glass_total', { event: 'opened' })).toBe(1);
  expect(installation.events('BreakGlassOpened')).toBe(1);
  installation.later(31 * 60_000);
  await installation.keeper.look(signal);
  expect(await isOpen(installation)).toBe(false);
  expect(JSON.stringify((await installation.webhooks()).map(({ body }) => body))).not.toContain(
    'break-glass',
  );
  expect(await installation.count('connaisseur_break_glass_active')).toBe(0);
  expect(await installation.count('connaisseur_break_glass_total', { event: 'expired' })).toBe(1);
  expect(installation.events('BreakGlassEnded')).toBe(1);
});

test('break-glass stays over an upgrade, other changes are put right meanwhile, and --end ends it', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  const until = new Date(installation.now.getTime() + 3_600_000);
  await openBreakGlass(installation.api, { until, reason: 'r', by: 'ann' }, signal);
  await edit(installation, MUTATING, (hook) => ({ ...hook, failurePolicy: 'Ignore' }));
  await installation.keeper.look(signal);
  expect(await isOpen(installation)).toBe(true);
  expect(
    (await installation.webhooks()).flatMap(({ body }) =>
      webhooksOf(body).map((hook) => hook['failurePolicy']),
    ),
  ).toEqual(['Fail', 'Fail']);
  await endBreakGlass(installation.api, signal);
  await installation.keeper.look(signal);
  expect(await isOpen(installation)).toBe(false);
  expect(await installation.count('connaisseur_break_glass_total', { event: 'ended' })).toBe(1);
});

test('longer than a day is no opening', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  const until = new Date(installation.now.getTime() + 2 * DAY_MS);
  await openBreakGlass(installation.api, { until, reason: 'r', by: 'ann' }, signal);
  await installation.keeper.look(signal);
  expect(await isOpen(installation)).toBe(false);
});

const ROTATES = 'F25 the authority rotates: a certificate never comes from one that is not trusted yet';
test(`${ROTATES}, looked at every ten days`, async () => rotates(10));
test(`${ROTATES}, looked at every four days`, { tags: ['thorough'] }, async () => rotates(4));

async function rotates(everyDays: number): Promise<void> {
  const installation = await Installation.armed(new VirtualCluster());
  const old = await authorityOf(installation);
  let told = new Set(await bundlesOf(installation));
  for (let day = 0; day < 800; day += everyDays) {
    await installation.keeper.look(signal);
    const { 'ca.crt': bundle, 'tls.crt': leaf } = await authorityOf(installation);
    // By what API servers knew before this look, too: they learn of a new bundle later than gateways of a certificate.
    for (const trusted of told) expect(isTrustedBy(leaf, trusted, installation.now)).toBe(true);
    told = new Set(await bundlesOf(installation));
    for (const trusted of told) {
      expect(isTrustedBy(leaf, trusted, installation.now)).toBe(true);
      expect(bundleHolds(trusted, joinBundle([bundle], installation.now))).toBe(true);
    }
    installation.later(everyDays * DAY_MS);
  }
  expect((await authorityOf(installation))['ca.crt']).not.toBe(old['ca.crt']);
  expect(
    await installation.count('connaisseur_certificate_rotations_total', { step: 'promote' }),
  ).toBeGreaterThanOrEqual(2);
  expect(await installation.count('connaisseur_keeper_failures_total')).toBe(0);
}

test('F26 a keeper that was away until everything had ended makes it new', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  installation.later(400 * DAY_MS);
  for (let look = 0; look < 3; look += 1) {
    await installation.keeper.look(signal);
    installation.later(61_000);
  }
  const { 'tls.crt': leaf } = await authorityOf(installation);
  expect(lifeOf(leaf).notAfter > installation.now).toBe(true);
  for (const trusted of await bundlesOf(installation))
    expect(isTrustedBy(leaf, trusted, installation.now)).toBe(true);
});

async function authorityOf({ api, settings }: Installation) {
  const ca = filesOf(await api.get(secretPlace(settings, 'connaisseur-ca'), signal));
  const tls = filesOf(await api.get(secretPlace(settings, 'connaisseur-tls'), signal));
  return { 'ca.crt': ca.get('ca.crt') ?? '', 'tls.crt': tls.get('tls.crt') ?? '' };
}

async function bundlesOf(installation: Installation): Promise<readonly string[]> {
  const texts = (await installation.webhooks()).flatMap(({ body }) =>
    webhooksOf(body).map(({ clientConfig }) =>
      isJsonObject(clientConfig) ? String(clientConfig['caBundle']) : '',
    ),
  );
  return texts.map((text) => Buffer.from(text, 'base64').toString('utf8'));
}

test.for([
  { name: 'emptied', data: { 'tls.crt': '' } },
  { name: 'broken', data: { 'tls.crt': Buffer.from('hello').toString('base64') } },
])('a serving certificate that was $name is issued anew', async ({ data }) => {
  const installation = await Installation.armed(new VirtualCluster());
  await installation.api.patch(
    secretPlace(installation.settings, 'connaisseur-tls'),
    { data },
    MANAGER,
    signal,
  );
  await installation.keeper.look(signal);
  const { 'ca.crt': ca, 'tls.crt': leaf } = await authorityOf(installation);
  expect(isTrustedBy(leaf, ca, installation.now)).toBe(true);
  expect(await installation.count('connaisseur_certificate_rotations_total', { step: 'issue-serving' })).toBe(
    1,
  );
});

test('a serving Secret that is gone is a failure that is told, and no reason to leave the webhooks alone', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  await installation.api.delete(secretPlace(installation.settings, 'connaisseur-tls'), {}, signal);
  await edit(installation, MUTATING, (hook) => ({ ...hook, failurePolicy: 'Ignore' }));
  await installation.keeper.look(signal);
  expect(await installation.count('connaisseur_webhook_drift_total', { field: 'failurePolicy' })).toBe(1);
  expect(await installation.count('connaisseur_keeper_failures_total')).toBe(1);
});

test('certificates of cert-manager are only passed on', async () => {
  const installation = new Installation(
    new VirtualCluster(),
    settingsText('connaisseur', 'connaisseur', 'cert-manager'),
  );
  const { prepare } = await import('./prepare.js');
  const made = await prepare(installation.api, installation.settings, { now: installation.now }, signal);
  expect(made.made).not.toContain('connaisseur-ca');
  const source = await Installation.armed(new VirtualCluster());
  const { 'ca.crt': ca, 'tls.crt': leaf } = await authorityOf(source);
  const data = Object.fromEntries(
    [
      ['ca.crt', ca],
      ['tls.crt', leaf],
    ].map(([name = '', text = '']) => [name, Buffer.from(text).toString('base64')]),
  );
  const metadata = { name: 'connaisseur-tls', namespace: 'connaisseur' };
  await installation.api.create(
    secretPlace(installation.settings, '').kind,
    { apiVersion: 'v1', kind: 'Secret', metadata, data },
    signal,
  );
  await installation.arm();
  await installation.keeper.look(signal);
  for (const trusted of await bundlesOf(installation)) expect(bundleHolds(trusted, ca)).toBe(true);
  expect(await installation.count('connaisseur_certificate_rotations_total')).toBe(0);
});

test('two keepers: one writes, and the other takes over when it is silent', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  const second = new Registry();
  const other = installation.anotherKeeper('keeper-1', second);
  await installation.keeper.look(signal);
  await other.look(signal);
  expect((await second.getSingleMetric('connaisseur_keeper_leader')?.get())?.values[0]?.value).toBe(0);
  installation.later(31_000);
  await other.look(signal);
  expect((await second.getSingleMetric('connaisseur_keeper_leader')?.get())?.values[0]?.value).toBe(1);
  await other.release(signal);
  await installation.keeper.look(signal);
  expect(await installation.count('connaisseur_keeper_leader')).toBe(1);
});

test('an API server that fails is counted, and the next look goes on', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  installation.cluster.fail({ path: /leases/, status: 503, times: 1 });
  await installation.keeper.look(signal);
  expect(await installation.count('connaisseur_keeper_failures_total', { reason: 'unreachable' })).toBe(1);
  await edit(installation, MUTATING, (hook) => ({ ...hook, failurePolicy: 'Ignore' }));
  await installation.keeper.look(signal);
  expect(await installation.count('connaisseur_webhook_drift_total', { field: 'failurePolicy' })).toBe(1);
});
