import type { RegistryReason } from '#registry';

/** What happens with notary servers: for health, metrics and logs. */
export type NotaryEvent =
  | { readonly kind: 'answered'; readonly server: string }
  | { readonly kind: 'failed'; readonly server: string; readonly reason: RegistryReason }
  /** Metadata older than what was seen before; not used. */
  | {
      readonly kind: 'rollback';
      readonly server: string;
      readonly collection: string;
      readonly message: string;
    }
  /** An operator's reset took effect: older versions are accepted again, once. */
  | { readonly kind: 'reset'; readonly server: string; readonly collection: string };

export type NotaryObserver = (event: NotaryEvent) => void;
