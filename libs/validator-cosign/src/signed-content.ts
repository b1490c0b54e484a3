/** What lies under a signature: plain bytes, or a DSSE envelope's payload in its encoding. */
export type SignedContent =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  | { readonly kind: 'dsse'; readonly bytes: Uint8Array; readonly payload: Uint8Array };
