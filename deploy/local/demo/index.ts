import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { RedisSettings } from '#bus';
import { createLogger } from '#observability';
import { type RunningStandalone, startStandalone, Undo } from '#standalone';

import { buildDemoWorld, demoValues, type DemoWorld } from './demo-world.js';
import { postReview } from './post-review.js';
import { podReview } from './reviews.js';
import { type AdmissionAnswer, formatAlert, formatAnswer, heading, nextSteps } from './show.js';

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface DemoOptions {
  /** Ends by itself when everything was shown, instead of staying up. */
  readonly once: boolean;
  readonly listen: Address;
  readonly management: Address | undefined;
  readonly redis: RedisSettings | undefined;
  /** Directory of the alert templates. */
  readonly templates: string;
  /** How the user calls this program. */
  readonly program: string;
}

/** One alert for the admission, two for each of the two denials. */
const ALERTS = 5;
const ALERT_WAIT_MS = 15_000;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/**
 * The whole system on localhost with something to look at: builds a world, posts reviews as an API server would, prints
 * answers and alerts. Resolves when all of that is shown, or when `told` to stop.
 */
export async function startDemo(
  options: DemoOptions,
  told: AbortSignal,
): Promise<{ close(): Promise<void> }> {
  const undo = new Undo();
  try {
    const ok = await showAll(options, told, undo);
    if (options.once) {
      await undo.all();
      process.exit(ok ? 0 : 1);
    }
  } catch (error) {
    await undo.all();
    throw error;
  }
  return { close: () => undo.all() };
}

/** True when every image got the answer that it must get, and every alert arrived. */
async function showAll(options: DemoOptions, told: AbortSignal, undo: Undo): Promise<boolean> {
  const world = await buildDemoWorld();
  undo.add(() => world.close());
  const directory = mkdtempSync(join(tmpdir(), 'connaisseur-demo-'));
  undo.add(() => rmSync(directory, { recursive: true, force: true }));
  const policy = join(directory, 'values.yaml');
  writeFileSync(policy, demoValues(world));
  const running = await start(options, policy);
  undo.add(() => running.close());
  say(`ready ${running.url}\n`);
  const answered = await showAnswers(running, world, directory);
  const alerts = new AlertPrinter(world.receiver);
  undo.add(() => alerts.stop());
  const alerted = await alerts.first(told);
  if (options.once || told.aborted) return answered && alerted;
  say(nextSteps({ program: options.program, images: world.images, running, policy, directory }));
  alerts.follow();
  return true;
}

async function start(options: DemoOptions, policy: string): Promise<RunningStandalone> {
  return await startStandalone({
    policy,
    listen: await freeAddress(options.listen),
    management: options.management,
    tls: undefined,
    redis: options.redis,
    secretsDirectory: undefined,
    dockerConfig: undefined,
    templatesDirectory: options.templates,
    // The demo's receiver speaks plain HTTP and lint's warning about it would be the first thing to read.
    log: (service) => createLogger({ level: 'error', format: 'text', service }),
  });
}

/** Posts one review for each image, as the API server would; true when each got the answer that it must get. */
async function showAnswers(
  running: RunningStandalone,
  { images }: DemoWorld,
  directory: string,
): Promise<boolean> {
  const ca = running.caFile === undefined ? undefined : readFileSync(running.caFile, 'utf8');
  const cases = [
    { name: 'signed', title: '1. An image signed with the key that the policy trusts', allowed: true },
    { name: 'foreign', title: '2. An image signed by somebody else', allowed: false },
    { name: 'unsigned', title: '3. An image that nobody signed', allowed: false },
  ] as const;
  say(
    'Three Pods are now posted to the webhook, each as an AdmissionReview, the way a cluster’s API server does it.\n' +
      'The "kubectl run" lines are what a user would have typed; below is what kubectl would have shown.\n',
  );
  let ok = true;
  for (const { name, title, allowed } of cases) {
    const review = JSON.stringify(podReview(name, images[name]));
    // With a UID of its own: a request alerts once.
    writeFileSync(join(directory, `${name}.json`), JSON.stringify(podReview(name, images[name])));
    // The webhook's own answer: what is read is shown, and a shape that is not expected fails the demo.
    const answer = JSON.parse(
      await postReview(`${running.url}/mutate?timeout=10s`, review, ca),
    ) as AdmissionAnswer;
    say(`${heading(title)}\n${formatAnswer(name, images[name], answer)}\n`);
    ok &&= answer.response.allowed === allowed;
  }
  return ok;
}

/** Prints what the receiver got, each alert once. */
class AlertPrinter {
  readonly #receiver: DemoWorld['receiver'];
  #printed = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(receiver: DemoWorld['receiver']) {
    this.#receiver = receiver;
  }

  /** The alerts of the three reviews; false when they did not all come in time. */
  async first(told: AbortSignal): Promise<boolean> {
    const stopped = new Promise<false>((resolve) => told.addEventListener('abort', () => resolve(false)));
    const all = this.#receiver
      .until(({ accepted }) => accepted.length >= ALERTS, ALERT_WAIT_MS)
      .then(
        () => true,
        () => false,
      );
    const arrived = await Promise.race([all, stopped]);
    say(heading('What the alert receiver got meanwhile'));
    this.#print();
    say(arrived ? '' : '  (not all alerts have arrived)\n');
    return arrived;
  }

  follow(): void {
    this.#timer = setInterval(() => this.#print(), 200);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #print(): void {
    const { accepted } = this.#receiver;
    const news = accepted.slice(this.#printed);
    this.#printed = accepted.length;
    for (const { path, body } of news) say(formatAlert(path, body));
  }
}

/** The address that was asked for, or a free port where something listens there already. */
async function freeAddress(wanted: Address): Promise<Address> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve({ host: wanted.host, port: 0 }));
    probe.listen(wanted.port, wanted.host, () => probe.close(() => resolve(wanted)));
  });
}
