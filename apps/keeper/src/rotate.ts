import { issueServing, joinBundle, makeAuthority, parseCertificates } from '#certificates';
import { isJsonObject, type KubernetesApi, type KubernetesObject, orAbsent, secretData } from '#kubernetes';

import type { ClusterSettings } from './cluster-settings.js';
import { InstallationError } from './error.js';
import { LIVES } from './lives.js';
import { SECRETS, secretPlace, serviceNames, WEBHOOK_PLACES } from './places.js';
import { nextStep, type RotationStep } from './rotation-plan.js';
import { fileOf } from './secrets.js';
import { NEXT } from './trust-source.js';
import { webhooksOf } from './webhook-manifests.js';

const TRUSTED_SINCE = 'securesystemsengineering.connaisseur/next-trusted-since';
const MANAGER = { fieldManager: 'connaisseur-keeper' };

/** Does the one step of rotation that is due, conditional on the Secret that it was decided on; says which. */
export async function rotate(
  api: KubernetesApi,
  settings: ClusterSettings,
  now: Date,
  signal: AbortSignal,
): Promise<RotationStep> {
  const authority = await api.get(secretPlace(settings, SECRETS.authority), signal);
  const serving = await servingSecret(api, settings, signal);
  const since = authority.annotations.get(TRUSTED_SINCE);
  const step = nextStep(
    {
      authority: fileOf(authority, 'ca.crt'),
      next: secretData(authority, NEXT.cert)?.toString('utf8'),
      serving: readable(secretData(serving, 'tls.crt')?.toString('utf8')),
      trusted: await trustedBundles(api, signal),
      nextTrustedSince: since === undefined ? undefined : new Date(since),
    },
    now,
  );
  switch (step) {
    case 'none':
      break;
    case 'make-next':
      await write(api, settings, authority, { data: await successor(now) }, signal);
      break;
    case 'note-trusted':
      await write(
        api,
        settings,
        authority,
        { metadata: { annotations: { [TRUSTED_SINCE]: now.toISOString() } } },
        signal,
      );
      break;
    case 'promote':
      await write(api, settings, authority, promotion(authority, now), signal);
      break;
    case 'issue-serving':
      await write(api, settings, serving, { data: await servingData(authority, settings, now) }, signal);
  }
  return step;
}

/** Its rights let the keeper change this Secret and make no other: one that was deleted is `prepare`'s to make. */
async function servingSecret(
  api: KubernetesApi,
  settings: ClusterSettings,
  signal: AbortSignal,
): Promise<KubernetesObject> {
  const serving = await orAbsent(api.get(secretPlace(settings, SECRETS.serving), signal));
  if (serving !== undefined) return serving;
  throw new InstallationError(
    'certificate',
    `expected the Secret ${SECRETS.serving}, got none: helm upgrade ${settings.release} makes it`,
  );
}

/** Emptied or broken by somebody is as good as none: a new one comes. */
function readable(pem: string | undefined): string | undefined {
  try {
    return pem === undefined || parseCertificates(pem).length === 0 ? undefined : pem;
  } catch {
    return undefined;
  }
}

interface SecretChange {
  readonly data?: Readonly<Record<string, string | null>>;
  readonly metadata?: { readonly annotations: Readonly<Record<string, string | null>> };
}

async function write(
  api: KubernetesApi,
  settings: ClusterSettings,
  secret: KubernetesObject,
  { data, metadata }: SecretChange,
  signal: AbortSignal,
): Promise<void> {
  const patch = {
    metadata: { ...metadata, resourceVersion: secret.resourceVersion },
    ...(data !== undefined && {
      data: Object.fromEntries(Object.entries(data).map(([name, text]) => [name, encode(text)])),
    }),
  };
  await api.patch(secretPlace(settings, secret.name), patch, MANAGER, signal);
}

function encode(text: string | null): string | null {
  return text === null ? null : Buffer.from(text).toString('base64');
}

async function successor(now: Date): Promise<Record<string, string>> {
  const { cert, key } = await makeAuthority('Connaisseur CA', { now, lifetimeMs: LIVES.authorityMs });
  return { [NEXT.cert]: cert, [NEXT.key]: key };
}

/** The successor first; its predecessors stay trusted until they end. */
function promotion(authority: KubernetesObject, now: Date): SecretChange {
  const bundle = joinBundle([fileOf(authority, NEXT.cert), fileOf(authority, 'ca.crt')], now);
  return {
    data: { 'ca.crt': bundle, 'ca.key': fileOf(authority, NEXT.key), [NEXT.cert]: null, [NEXT.key]: null },
    metadata: { annotations: { [TRUSTED_SINCE]: null } },
  };
}

async function servingData(
  authority: KubernetesObject,
  settings: ClusterSettings,
  now: Date,
): Promise<Record<string, string>> {
  const pair = { cert: fileOf(authority, 'ca.crt'), key: fileOf(authority, 'ca.key') };
  const names = serviceNames(settings.service, settings.namespace);
  const { cert, key } = await issueServing(pair, names, { now, lifetimeMs: LIVES.servingMs });
  return { 'tls.crt': cert, 'tls.key': key };
}

/** The bundles in force; the one of a configuration that is missing is empty. */
async function trustedBundles(api: KubernetesApi, signal: AbortSignal): Promise<readonly string[]> {
  const live = await Promise.all(WEBHOOK_PLACES.map(async (place) => await orAbsent(api.get(place, signal))));
  return live.flatMap((object) => {
    const webhooks = object === undefined ? [] : webhooksOf(object.body);
    return webhooks.length === 0 ? [''] : webhooks.map(({ clientConfig }) => bundleOf(clientConfig));
  });
}

function bundleOf(client: unknown): string {
  const text = isJsonObject(client) ? client['caBundle'] : undefined;
  const pem = typeof text === 'string' ? Buffer.from(text, 'base64').toString('utf8') : '';
  return pem.includes('-----BEGIN CERTIFICATE-----') ? pem : '';
}
