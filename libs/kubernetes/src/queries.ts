import type { KubernetesObject } from './kubernetes-object.js';

export interface ListQuery {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ObjectList {
  readonly items: readonly KubernetesObject[];
  /** Where a watch goes on. */
  readonly resourceVersion: string;
}

export interface WatchQuery extends ListQuery {
  readonly resourceVersion?: string | undefined;
  /** After this many seconds the API server ends the watch. */
  readonly timeoutSeconds?: number | undefined;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubernetesObject;
}

/** RFC 6902; only what we send. */
export type JsonPatch = readonly { readonly op: string; readonly path: string; readonly value?: unknown }[];

/** The selectors and `more` as a query string; what is empty is left out. */
export function search(query: ListQuery, more: Readonly<Record<string, string>>): string {
  const { labelSelector = '', fieldSelector = '' } = query;
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries({ labelSelector, fieldSelector, ...more })) {
    if (value !== '') params.set(key, value);
  }
  return params.toString();
}
