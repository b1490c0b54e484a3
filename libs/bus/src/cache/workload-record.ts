import { AdmittedWorkload } from '#contracts';

import { type DecisionSigner, type DecisionVerifier, parseSignature } from '../decisions/signing.js';

export type OpenedWorkload =
  | { readonly kind: 'workload'; readonly workload: AdmittedWorkload }
  | { readonly kind: 'forged'; readonly fault: 'malformed' | 'signature' };

/** Most characters of a record: as many images as one may have, each as long as the contract allows, is below. */
export const MAX_WORKLOAD_RECORD = 96 * 1024;

const DOMAIN = 'connaisseur admitted workload 1';
/** Key id, signature and JSON text, each on a line. */
const RECORD = /^([\w.-]{1,128})\n([\w-]{86})\n([^\n]+)$/;

/** The text of a signed record. The JSON names owner, namespace and end, so that it is good for no other place. */
export function sealWorkload(cluster: string, workload: AdmittedWorkload, signer: DecisionSigner): string {
  const json = JSON.stringify(workload);
  const { id } = signer;
  const signature = signer.sign(signedBytes(cluster, id, json));
  return [id, Buffer.from(signature).toString('base64url'), json].join('\n');
}

/** The record that a gateway of this cluster signed; whose it is, and whether it still holds, the caller looks at. */
export function openWorkload(cluster: string, text: string, verifier: DecisionVerifier): OpenedWorkload {
  const [, id, signatureText = '', json] =
    (text.length <= MAX_WORKLOAD_RECORD ? RECORD.exec(text) : undefined) ?? [];
  const signature = parseSignature(signatureText);
  if (id === undefined || json === undefined || signature === undefined) {
    return { kind: 'forged', fault: 'malformed' };
  }
  if (!verifier.verify(id, signedBytes(cluster, id, json), signature)) {
    return { kind: 'forged', fault: 'signature' };
  }
  const workload = parse(json);
  return workload === undefined ? { kind: 'forged', fault: 'malformed' } : { kind: 'workload', workload };
}

/** JSON texts hold no newline, so no two records share these bytes. */
function signedBytes(cluster: string, id: string, json: string): Uint8Array {
  return Buffer.from(`${DOMAIN}\n${JSON.stringify([cluster, id])}\n${json}`);
}

function parse(json: string): AdmittedWorkload | undefined {
  try {
    return AdmittedWorkload.parse(JSON.parse(json));
  } catch {
    // Signed, but by a gateway of another version: the caller counts it.
    return undefined;
  }
}
