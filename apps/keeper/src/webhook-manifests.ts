import { parseAllDocuments } from 'yaml';

import { isJsonObject, type JsonObject, KINDS, type Manifest, type ResourceKind } from '#kubernetes';

import { InstallationError } from './error.js';
import { WEBHOOK_NAME } from './places.js';

/** One webhook of a configuration, by its name. */
export type Webhook = JsonObject & { readonly name: string };

/** One of the two configurations as it shall be, without a CA bundle. */
export interface WebhookManifest {
  readonly kind: ResourceKind;
  readonly manifest: Manifest;
  readonly webhooks: readonly Webhook[];
}

const CONFIGURATION_KINDS: readonly ResourceKind[] = [KINDS.mutatingWebhooks, KINDS.validatingWebhooks];

/** Parses `webhooks.yaml`: exactly one configuration of each kind, under our name. Throws {@link InstallationError}. */
export function parseWebhookManifests(text: string): readonly WebhookManifest[] {
  const documents = readDocuments(text);
  return CONFIGURATION_KINDS.map((kind) => {
    const [found, ...more] = documents.filter((document) => document['kind'] === kind.kind);
    if (found === undefined || more.length > 0)
      throw wrong(`one ${kind.kind}, got ${more.length + (found ? 1 : 0)}`);
    return toWebhookManifest(kind, found);
  });
}

/** The configuration with this bundle in every webhook. */
export function withBundle({ manifest, webhooks }: WebhookManifest, bundle: string): Manifest {
  const caBundle = Buffer.from(bundle).toString('base64');
  return {
    ...manifest,
    webhooks: webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { ...(isJsonObject(webhook['clientConfig']) && webhook['clientConfig']), caBundle },
    })),
  };
}

/** The webhooks of a configuration; what has no name is left out, as the API server refuses it. */
export function webhooksOf(body: JsonObject): readonly Webhook[] {
  const webhooks: unknown = body['webhooks'];
  return Array.isArray(webhooks) ? webhooks.filter(isWebhook) : [];
}

function readDocuments(text: string): readonly JsonObject[] {
  try {
    return parseAllDocuments(text)
      .map((document): unknown => {
        if (document.errors[0] !== undefined) throw document.errors[0];
        return document.toJS({ maxAliasCount: 0 });
      })
      .filter(isJsonObject);
  } catch (cause) {
    throw new InstallationError('webhooks', 'webhooks.yaml: expected YAML, got something else', { cause });
  }
}

function toWebhookManifest(kind: ResourceKind, document: JsonObject): WebhookManifest {
  const { apiVersion, metadata } = document;
  const webhooks = webhooksOf(document);
  if (apiVersion !== 'admissionregistration.k8s.io/v1')
    throw wrong(`${kind.kind} of admissionregistration.k8s.io/v1`);
  if (!isJsonObject(metadata) || metadata['name'] !== WEBHOOK_NAME)
    throw wrong(`${kind.kind} named ${WEBHOOK_NAME}`);
  if (webhooks.length === 0) throw wrong(`webhooks in the ${kind.kind}`);
  return {
    kind,
    webhooks,
    manifest: { ...document, apiVersion, kind: kind.kind, metadata: { ...metadata, name: WEBHOOK_NAME } },
  };
}

function isWebhook(value: unknown): value is Webhook {
  return isJsonObject(value) && typeof value['name'] === 'string';
}

function wrong(expected: string): InstallationError {
  return new InstallationError('webhooks', `webhooks.yaml: expected ${expected}`);
}
