import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';

import { createLogger } from '#observability';
import { type RunningStandalone, startStandalone } from '#standalone';

import { buildDemoWorld, demoValues, type DemoWorld } from './demo-world.js';
import { podReview } from './reviews.js';
import { formatAlert, formatAnswer } from './show.js';

export interface DemoOptions {
  /** Show everything and stop, instead of staying up. */
  readonly once: boolean;
  readonly listen: { readonly host: string; readonly port: number };
  /** Keeps the process up until it is told to stop, then closes in order. */
  readonly untilTold: (close: () => Promise<void>) => Promise<void>;
}

const TEMPLATES = fileURLToPath(new URL('../../../../deploy/alert-templates', import.meta.url));
const ALERT_WAIT_MS = 15_000;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** The whole system on localhost with something to look at: builds a world, posts reviews, prints answers and alerts. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const world = await buildDemoWorld();
  const directory = mkdtempSync(join(tmpdir(), 'connaisseur-demo-'));
  const policy = join(directory, 'values.yaml');
  writeFileSync(policy, demoValues(world));
  const running = await startStandalone({
    policy,
    listen: await freeAddress(options.listen),
    management: undefined,
    tls: undefined,
    redisUrl: undefined,
    secretsDirectory: undefined,
    dockerConfig: undefined,
    templatesDirectory: TEMPLATES,
    log: (service) => createLogger({ level: 'warn', format: 'text', service }),
  });
  const close = async (): Promise<void> => {
    await running.close();
    await world.close();
    rmSync(directory, { recursive: true, force: true });
  };
  say(`ready ${running.url}\n`);
  const ok = await showAnswers(running, world, directory);
  await showAlerts(world);
  if (options.once) {
    await close();
    process.exit(ok ? 0 : 1);
  }
  sayNext(running, world, policy, directory);
  const shown = setInterval(() => printNewAlerts(world), 200);
  await options.untilTold(async () => {
    clearInterval(shown);
    await close();
  });
}

/** Posts one review for each image, as the API server would; true when each got the answer that it must get. */
async function showAnswers(
  running: RunningStandalone,
  world: DemoWorld,
  directory: string,
): Promise<boolean> {
  const { images } = world;
  const cases = [
    { name: 'signed', title: 'An image signed with the trusted key', image: images.signed, allowed: true },
    { name: 'foreign', title: 'An image signed by somebody else', image: images.foreign, allowed: false },
    { name: 'unsigned', title: 'An image that nobody signed', image: images.unsigned, allowed: false },
  ];
  let ok = true;
  for (const { name, title, image, allowed } of cases) {
    const review = JSON.stringify(podReview(name, image));
    writeFileSync(join(directory, `${name}.json`), review);
    const answer = await post(`${running.url}/mutate?timeout=10s`, review, running.caFile);
    say(`${styleText('bold', title)}\n${formatAnswer(image, JSON.parse(answer))}\n`);
    ok &&= (JSON.parse(answer) as { response: { allowed: boolean } }).response.allowed === allowed;
  }
  return ok;
}

let printed = 0;

/** One alert for the admission, two for each of the two denials. */
async function showAlerts(world: DemoWorld): Promise<void> {
  await world.receiver.until(({ accepted }) => accepted.length >= 5, ALERT_WAIT_MS);
  printNewAlerts(world);
  say('');
}

function printNewAlerts({ receiver }: DemoWorld): void {
  for (const { path, body } of receiver.accepted.slice(printed)) say(formatAlert(path, body));
  printed = receiver.accepted.length;
}

function sayNext(running: RunningStandalone, { images }: DemoWorld, policy: string, directory: string): void {
  const cli = 'apps/cli/bin/connaisseur.mjs';
  say(styleText('bold', 'Try next (Ctrl-C ends everything):'));
  say(`  ${cli} verify ${images.signed} -p ${policy}`);
  say(`  ${cli} explain ${images.foreign} -p ${policy}`);
  say(`  ${cli} lint ${policy}`);
  say(
    `  ${cli} watch --redis-url ${running.redisUrl} --keys ${running.keysDirectory} --cluster-id standalone`,
  );
  say(
    `  curl --cacert ${running.caFile ?? ''} -H 'Content-Type: application/json' -d @${directory}/unsigned.json '${running.url}/mutate?timeout=10s'`,
  );
  say(`  edit ${policy}: a change takes effect at once\n`);
}

async function post(url: string, body: string, caFile: string | undefined): Promise<string> {
  const ca = caFile === undefined ? undefined : readFileSync(caFile);
  return await new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        ...(ca === undefined ? {} : { ca }),
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

/** The address that was asked for, or a free port where something listens there already. */
async function freeAddress(wanted: { host: string; port: number }): Promise<{ host: string; port: number }> {
  const { createServer } = await import('node:net');
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve({ host: wanted.host, port: 0 }));
    probe.listen(wanted.port, wanted.host, () => probe.close(() => resolve(wanted)));
  });
}
