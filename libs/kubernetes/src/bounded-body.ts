import { KubernetesError } from './error.js';

/** Reads a body to its end; throws {@link KubernetesError} `invalid` as soon as it is larger than allowed. */
export async function readBody(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Lines of a stream; a line is bounded like a body. */
export async function* readLines(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts.filter((line) => line !== '');
    if (rest.length > maxBytes) throw tooLarge(maxBytes);
  }
}

/** Parses JSON of the API server. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KubernetesError('invalid', `expected JSON as the answer to ${what}, got something else`);
  }
}

function tooLarge(maxBytes: number): KubernetesError {
  return new KubernetesError('invalid', `expected at most ${maxBytes} bytes of the API server, got more`);
}
