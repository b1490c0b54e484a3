import { type ForeignObject, isForeignObject, parseForeignJson } from './foreign-json.js';
import { type ReviewApiVersion, type ReviewEnvelope, ReviewError, type ReviewFault } from './review-error.js';
import { type GroupVersionKind, type GroupVersionResource, kindMatchesResource } from './workload-kind.js';

interface Reviewed extends ReviewEnvelope {
  readonly kind: GroupVersionKind;
  readonly resource: GroupVersionResource;
  readonly subResource: string | undefined;
  /** For people: name, else metadata.name, else generateName; may be empty, at most 253 characters. */
  readonly name: string;
  /** The request's, never the object's. Empty for a cluster-scoped object. */
  readonly namespace: string;
  readonly dryRun: boolean;
  /** `userInfo.username`, empty where there is none. */
  readonly user: string;
}

/** One admission request. What an operation must carry, it carries; what it must not be judged by, is not here. */
export type AdmissionReviewRequest = Reviewed &
  (
    | { readonly operation: 'CREATE'; readonly object: ForeignObject; readonly oldObject: undefined }
    | { readonly operation: 'UPDATE'; readonly object: ForeignObject; readonly oldObject: ForeignObject }
    | {
        readonly operation: 'DELETE';
        readonly object: undefined;
        readonly oldObject: ForeignObject | undefined;
      }
    | { readonly operation: 'CONNECT'; readonly object: undefined; readonly oldObject: undefined }
  );

export type Operation = AdmissionReviewRequest['operation'];

type Subject = Pick<AdmissionReviewRequest, 'operation' | 'object' | 'oldObject'>;

const UID = /^[\x21-\x7e]{1,128}$/;
/** RFC 1123 subdomain: the longest name that Kubernetes has. */
const MAX_NAME = 253;

/** Bytes to request; throws {@link ReviewError}, which is never an allow. */
export function parseAdmissionReview(bytes: Uint8Array): AdmissionReviewRequest {
  const review = parseForeignJson(bytes);
  if (!isForeignObject(review)) throw new ReviewError('request', 'received empty admission request');
  const apiVersion = parseApiVersion(review);
  const request = review['request'];
  if (!isForeignObject(request)) throw new ReviewError('request', 'received empty admission request');
  const uid = request['uid'];
  if (typeof uid !== 'string' || !UID.test(uid)) {
    throw new ReviewError('uid', 'expected request.uid to be 1 to 128 printable characters');
  }
  return new RequestReader(request, { apiVersion, uid }).read();
}

function parseApiVersion(review: ForeignObject): ReviewApiVersion {
  if (review['kind'] !== 'AdmissionReview') throw new ReviewError('kind', 'expected kind AdmissionReview');
  const version = review['apiVersion'];
  if (version === 'admission.k8s.io/v1' || version === 'admission.k8s.io/v1beta1') return version;
  throw new ReviewError('version', 'expected apiVersion admission.k8s.io/v1 or admission.k8s.io/v1beta1');
}

/** Reads the fields of one request; every error carries the envelope, so that it can be answered as a denial. */
class RequestReader {
  readonly #request: ForeignObject;
  readonly #envelope: ReviewEnvelope;

  constructor(request: ForeignObject, envelope: ReviewEnvelope) {
    this.#request = request;
    this.#envelope = envelope;
  }

  read(): AdmissionReviewRequest {
    const kind = { ...this.#groupVersion('kind'), kind: this.#nested('kind', 'kind') };
    const resource = { ...this.#groupVersion('resource'), resource: this.#nested('resource', 'resource') };
    const subResource = this.#text('subResource') || undefined;
    if (!kindMatchesResource(kind, resource, subResource)) {
      throw this.#error('mismatch', 'expected request.kind and request.resource to name the same thing');
    }
    const subject = this.#subject(kind.kind);
    return {
      ...this.#envelope,
      kind,
      resource,
      subResource,
      name: this.#name(subject.object ?? subject.oldObject),
      namespace: this.#text('namespace', MAX_NAME),
      dryRun: this.#dryRun(),
      user: this.#user(),
      ...subject,
    } as AdmissionReviewRequest; // #subject built one member of the union; a spread widens it.
  }

  #subject(kind: string): Subject {
    const operation = this.#request['operation'];
    switch (operation) {
      case 'CREATE':
        // A CREATE has no old object; one that is there all the same is nobody's evidence (K34).
        return { operation, object: this.#object('object', kind), oldObject: undefined };
      case 'UPDATE':
        return {
          operation,
          object: this.#object('object', kind),
          oldObject: this.#object('oldObject', kind),
        };
      case 'DELETE': {
        if (this.#request['object'] != null)
          throw this.#error('object', 'expected a DELETE without request.object');
        const old = this.#request['oldObject'] == null ? undefined : this.#object('oldObject', kind);
        return { operation, object: undefined, oldObject: old };
      }
      case 'CONNECT':
        return { operation, object: undefined, oldObject: undefined };
      default:
        throw this.#error('operation', 'expected request.operation to be CREATE, UPDATE, DELETE or CONNECT');
    }
  }

  #object(field: 'object' | 'oldObject', kind: string): ForeignObject {
    const object = this.#request[field];
    if (!isForeignObject(object)) throw this.#error('object', `expected request.${field} to be an object`);
    const own = object['kind'];
    if (own !== undefined && own !== kind) {
      throw this.#error('mismatch', `expected request.${field} to be of the kind that request.kind names`);
    }
    return object;
  }

  #name(object: ForeignObject | undefined): string {
    const metadata = object?.['metadata'];
    const own = isForeignObject(metadata) ? [metadata['name'], metadata['generateName']] : [];
    const name = [this.#text('name'), ...own].find((text) => typeof text === 'string' && text !== '');
    return typeof name === 'string' ? name.slice(0, MAX_NAME) : '';
  }

  #user(): string {
    const info = this.#request['userInfo'];
    if (info == null) return '';
    const name = isForeignObject(info) ? info['username'] : null;
    if (name === undefined) return '';
    if (typeof name !== 'string')
      throw this.#error('field', 'expected request.userInfo.username to be a string');
    return name;
  }

  #dryRun(): boolean {
    const value = this.#request['dryRun'] ?? false;
    if (typeof value !== 'boolean') throw this.#error('field', 'expected request.dryRun to be true or false');
    return value;
  }

  #groupVersion(field: 'kind' | 'resource'): { group: string; version: string } {
    return { group: this.#nested(field, 'group', ''), version: this.#nested(field, 'version') };
  }

  #nested(field: 'kind' | 'resource', key: string, absent?: string): string {
    const record = this.#request[field];
    const value = (isForeignObject(record) ? record[key] : undefined) ?? absent;
    if (typeof value === 'string' && value.length <= MAX_NAME) return value;
    throw this.#error('field', `expected request.${field}.${key} to be a short string`);
  }

  #text(field: string, max = Infinity): string {
    const value = this.#request[field] ?? '';
    if (typeof value === 'string' && value.length <= max) return value;
    throw this.#error('field', `expected request.${field} to be a string`);
  }

  #error(code: ReviewFault, message: string): ReviewError {
    return new ReviewError(code, message, { envelope: this.#envelope });
  }
}
