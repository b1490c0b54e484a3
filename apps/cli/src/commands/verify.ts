import { exitCodeOf } from '../exit-code.js';
import { inOrder } from '../in-order.js';
import { type ImageResult, judgeImage } from '../judge-image.js';
import { openPolicy, type PolicyOptions } from '../policy-file.js';
import { formatResult } from '../print-result.js';

export interface VerifyOptions extends PolicyOptions {
  readonly output: 'text' | 'json';
  /** Rules may hold in some namespaces only. */
  readonly namespace: string;
  /** Seconds for each image. */
  readonly timeout: number;
}

/** Images that are looked at side by side. */
const AT_ONCE = 4;
/** A wait that is longer gets a line on stderr, ms. */
const QUIET_MS = 3_000;

/** `connaisseur verify`: results in the order of the images; the exit code of the first that is not admitted. */
export async function verify(images: readonly string[], options: VerifyOptions): Promise<number> {
  const policy = openPolicy(options);
  const results: ImageResult[] = [];
  const progress = setInterval(() => {
    const image = images[results.length] ?? '';
    process.stderr.write(`${results.length} of ${images.length} done, waiting for ${image}\n`);
  }, QUIET_MS);
  try {
    const judge = (image: string): Promise<ImageResult> =>
      judgeImage(policy.engine, image, options.namespace, AbortSignal.timeout(options.timeout * 1000));
    for await (const result of inOrder(images, judge, AT_ONCE)) {
      results.push(result);
      if (options.output === 'text') process.stdout.write(`${formatResult(result)}\n`);
    }
  } finally {
    clearInterval(progress);
    await policy.close();
  }
  if (options.output === 'json') {
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, results }, undefined, 2)}\n`);
  }
  return exitCodeOf(results);
}
