import { request } from 'node:https';

/** Posts an AdmissionReview and resolves to the body of the answer. */
export async function postReview(url: string, body: string, ca: string | undefined): Promise<string> {
  const headers = { 'Content-Type': 'application/json' };
  return await new Promise((resolve, reject) => {
    const call = request(
      url,
      { method: 'POST', headers, agent: false, ...(ca === undefined ? {} : { ca }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}
