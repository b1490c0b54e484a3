import type { PatternMatching } from '#policy';
import type { RuleOptions } from '#validator';

import type { Finding } from './finding.js';
import type { Secret } from './secret.js';

/** How a validator gets registry (or notary) credentials. */
export type AuthConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'secret'; readonly secretName: string }
  | {
      readonly kind: 'inline';
      readonly registry: string | undefined;
      readonly username: string;
      readonly password: Secret<string>;
    }
  | { readonly kind: 'keychain' };

export interface StaticConfig {
  readonly type: 'static';
  readonly name: string;
  readonly approve: boolean;
}

export interface TrustRootConfig {
  readonly name: string;
  /** PEM text of one public key, parsed and accepted at load; or a kind that this version does not implement. */
  readonly material:
    | { readonly kind: 'key'; readonly pem: string }
    | { readonly kind: 'unbuilt'; readonly what: 'keyless' | 'kms' | 'cert' };
}

export interface CosignConfig {
  readonly type: 'cosign';
  readonly name: string;
  readonly trustRoots: readonly TrustRootConfig[];
  readonly auth: AuthConfig;
  /** PEM bundle of the registry's certificate authority. */
  readonly cert: string | undefined;
  readonly host: { readonly rekor: string | undefined; readonly rekorPubkey: string | undefined };
}

export interface NotaryV1Config {
  readonly type: 'notaryv1';
  readonly name: string;
  /** Root keys, PEM, parsed and accepted at load. */
  readonly trustRoots: readonly { readonly name: string; readonly key: string }[];
  readonly auth: AuthConfig;
  /** PEM bundle of the notary server's certificate authority. */
  readonly cert: string | undefined;
  /** URL of the notary server. */
  readonly host: string;
  /** A root key's certificate need not name the collection. */
  readonly unsafeIgnoreCollectionName: boolean;
  /** How long after it was first seen a timestamp serves; without it, until it expires. */
  readonly maxTimestampAgeSeconds?: number | undefined;
}

/** A validator type that this version does not implement; a rule that resolves to it denies with CNS-3001. */
export interface UnbuiltConfig {
  readonly type: 'notation';
  readonly name: string;
}

export type ValidatorConfig = StaticConfig | CosignConfig | NotaryV1Config | UnbuiltConfig;

export interface RuleConfig {
  /** Place in `application.policy`, from 0. */
  readonly index: number;
  readonly pattern: string;
  /** Name of an existing validator. */
  readonly validator: string;
  /** Names of the namespaces that the rule holds in, with `*`; absent: all. */
  readonly namespaces?: readonly string[];
  /** What the rule denies is let in with a warning. */
  readonly insecureDetectOnly?: true;
  readonly with: RuleOptions;
  /** SHA-256, hex, over pattern, namespaces, options and the whole validator: changes whenever the rule's meaning does. */
  readonly hash: string;
}

/** A registry that needs its own way of being reached (`application.registries`, ours). */
export interface RegistryConfig {
  /** Canonical host, with port if any. */
  readonly host: string;
  readonly insecurePlainHttp: boolean;
  readonly cert: string | undefined;
}

/** A label selector as Kubernetes has it; never empty. */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly (
    | { readonly key: string; readonly operator: 'In' | 'NotIn'; readonly values: readonly string[] }
    | { readonly key: string; readonly operator: 'Exists' | 'DoesNotExist' }
  )[];
}

/** Which namespaces are validated: by the label, which the webhook configuration reads, and by name. */
export interface NamespacedValidation {
  readonly mode: 'ignore' | 'validate';
  /** `ignore`: these are not validated. `validate`: only these are, whatever their label. Absent: by label only. */
  readonly namespaces?: readonly string[];
}

/** Namespaces in detection mode; at least one way of naming them. */
export interface DetectOnlyIn {
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: LabelSelector;
}

/** A CSI driver whose inline volumes are images, and the attribute that names the image. */
export interface CsiImageDriver {
  readonly driver: string;
  readonly attribute: string;
}

export interface Features {
  readonly automaticChildApproval: boolean;
  readonly automaticUnchangedApproval: boolean;
  readonly detectionMode: boolean;
  readonly namespacedValidation: NamespacedValidation | undefined;
  readonly insecureDetectOnlyIn: DetectOnlyIn | undefined;
  readonly csiImageDrivers: readonly CsiImageDriver[];
  /** Where the pull secrets of workloads are used; absent: nowhere. */
  readonly imagePullSecrets?: { readonly namespaces: readonly string[] } | undefined;
  readonly resourceValidationMode: 'all' | 'podsOnly';
  readonly patternMatching: PatternMatching;
  readonly decisions: 'buffered' | 'strict';
  readonly kubernetesEvents: boolean;
  readonly policyReports: 'off' | 'auto' | 'openreports' | 'wgpolicyk8s';
  readonly cache: { readonly expirySeconds: number; readonly cacheErrors: boolean };
}

export interface ReceiverConfig {
  /** `<template>-<index>`: the name in logs, metrics and answers, as Connaisseur has it. */
  readonly name: string;
  readonly template: string;
  readonly receiverUrl: Secret<string>;
  readonly priority: number;
  readonly customHeaders: readonly { readonly name: string; readonly value: Secret<string> }[];
  readonly payloadFields: Readonly<Record<string, unknown>> | undefined;
  readonly failIfAlertSendingFails: boolean;
}

export interface AlertingConfig {
  readonly clusterIdentifier: string;
  readonly admit: readonly ReceiverConfig[];
  readonly reject: readonly ReceiverConfig[];
}

export interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  readonly format: 'json' | 'text';
}

/** One immutable value with a hash (design rule 8). A decision uses one of these from start to end. */
export interface Configuration {
  /** SHA-256, hex, over everything that can change a verdict or an answer or who is told; not the log. */
  readonly revision: string;
  /** SHA-256, hex, over validators and registries: part of every cache key. */
  readonly trustRevision: string;
  readonly validators: readonly ValidatorConfig[];
  readonly policy: readonly RuleConfig[];
  readonly registries: readonly RegistryConfig[];
  readonly features: Features;
  readonly alerting: AlertingConfig;
  readonly log: LogConfig;
  /** Warnings: it works, but somebody should know. */
  readonly findings: readonly Finding[];
}
