import { exitCodeOf } from '../exit-code.js';
import { type ImageResult, judgeImage } from '../judge-image.js';
import { openPolicy, type PolicyOptions } from '../policy-file.js';
import { formatResult } from '../print-result.js';

export interface VerifyOptions extends PolicyOptions {
  readonly output: 'text' | 'json';
  /** Seconds for each image. */
  readonly timeout: number;
}

/** `connaisseur verify`: the exit code of the first image that is not admitted. */
export async function verify(images: readonly string[], options: VerifyOptions): Promise<number> {
  const { engine, close } = openPolicy(options);
  const results: ImageResult[] = [];
  for (const image of images) {
    const result = await judgeImage(engine, image, AbortSignal.timeout(options.timeout * 1000));
    results.push(result);
    if (options.output === 'text') process.stdout.write(`${formatResult(result)}\n`);
  }
  if (options.output === 'json') {
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, results }, undefined, 2)}\n`);
  }
  await close();
  return exitCodeOf(results);
}
