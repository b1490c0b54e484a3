import type { ConfigurationSource } from '#config';
import type { CredentialEntry } from '#registry';
import type { NotaryEvent } from '#validator-notaryv1';

/** What the verification thread starts with: texts only, because values with secrets do not cross threads. */
export interface ThreadSetup {
  readonly source: ConfigurationSource;
  readonly secretsDirectory: string | undefined;
  readonly dockerConfig: string | undefined;
}

/** One image under one rule, as texts. */
export interface ThreadQuestion {
  readonly image: string;
  readonly rule: string;
  /** Trust with credentials: a thread that has others gives no verdict. */
  readonly trustRevision: string;
  /** The one entry of a pull secret that is for this image's registry. */
  readonly pull?: ThreadPull | undefined;
}

export interface ThreadPull {
  readonly secretName: string;
  readonly scopeId: string;
  readonly entry: CredentialEntry;
}

export type ToThread =
  | ({ readonly kind: 'verify'; readonly id: number } & ThreadQuestion)
  /** Nobody waits for it any more. */
  | { readonly kind: 'cancel'; readonly id: number }
  /** Answers `read-floor`. */
  | { readonly kind: 'floor'; readonly id: number; readonly text: string | undefined }
  | { readonly kind: 'ping' };

export type FromThread =
  /** The engine stands: from here on a death is the doing of an image. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'verdict'; readonly id: number; readonly verdict: unknown }
  /** Versions of trust data: the gateway remembers them, because threads come and go. */
  | { readonly kind: 'read-floor'; readonly id: number; readonly name: string }
  | { readonly kind: 'write-floor'; readonly name: string; readonly text: string }
  /** A notary server offers older trust data than were seen before. */
  | Extract<NotaryEvent, { readonly kind: 'rollback' }>
  | { readonly kind: 'pong' };
