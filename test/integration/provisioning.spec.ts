// How the real programs get into the cache: once, whole or not at all. What they are is seen when the tests of a cluster run.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { cacheFolder, installOnce, toolFolder, tryThrice, wrapperModule } from '#provision';

const TOOL = { name: 'hammer', version: 'v1' };
const DEAD_PROCESS = 2 ** 22 + 1;
let cache: string;
let before: string | undefined;

beforeEach(() => {
  before = process.env['CONNAISSEUR_TOOLS'];
  cache = mkdtempSync(join(tmpdir(), 'provisioning-'));
  process.env['CONNAISSEUR_TOOLS'] = cache;
});

afterEach(() => {
  if (before === undefined) delete process.env['CONNAISSEUR_TOOLS'];
  else process.env['CONNAISSEUR_TOOLS'] = before;
  rmSync(cache, { recursive: true });
});

test.for([
  { name: 'CONNAISSEUR_TOOLS', env: { CONNAISSEUR_TOOLS: '/x', XDG_CACHE_HOME: '/y' }, folder: '/x' },
  { name: 'else XDG_CACHE_HOME', env: { XDG_CACHE_HOME: '/y' }, folder: '/y/connaisseur-tools' },
])('the cache lies where $name says', ({ env, folder }) => {
  expect(cacheFolder(env)).toBe(folder);
});

test('two runs at once make a tool once', async () => {
  let made = 0;
  const build = async ({ finished }: { finished: string }): Promise<void> => {
    made += 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
    writeFileSync(join(finished, 'hammer'), '');
  };
  const results = await Promise.all([installOnce(TOOL, build), installOnce(TOOL, build)]);
  expect(results.toSorted()).toEqual(['have', 'made']);
  expect(await installOnce(TOOL, build)).toBe('have');
  expect(made).toBe(1);
  expect(readdirSync(cache)).toEqual(['hammer-v1']);
});

test('what a killed run left is no hindrance and is cleared away', async () => {
  writeFileSync(`${toolFolder(TOOL)}.lock`, String(DEAD_PROCESS));
  mkdirSync(join(cache, '.making-hammer-v1-abc'));
  expect(await installOnce(TOOL, ({ finished }) => writeEmpty(join(finished, 'hammer')))).toBe('made');
  expect(readdirSync(cache)).toEqual(['hammer-v1']);
});

test('a tool that cannot be made leaves nothing behind', async () => {
  const build = async ({ finished }: { finished: string }): Promise<void> => {
    await writeEmpty(join(finished, 'half'));
    throw Object.assign(new Error('there is no steel'), { isHopeless: true });
  };
  await expect(installOnce(TOOL, build)).rejects.toThrow('no steel');
  expect(readdirSync(cache)).toEqual([]);
});

test.for([
  { name: 'works at the third try', failures: 2, hopeless: false, tries: 3, ok: true },
  { name: 'is given up after three', failures: 3, hopeless: false, tries: 3, ok: false },
  { name: 'is given up at once when hopeless', failures: 3, hopeless: true, tries: 1, ok: false },
])('what $name', async ({ failures, hopeless, tries, ok }) => {
  let tried = 0;
  const waited: number[] = [];
  const outcome = await tryThrice(
    () => {
      tried += 1;
      return tried <= failures
        ? Promise.reject(Object.assign(new Error('no'), { isHopeless: hopeless }))
        : Promise.resolve('done');
    },
    { wait: (ms) => Promise.resolve(void waited.push(ms)), tell: () => undefined },
  ).catch(() => 'failed');
  expect({ outcome, tried, waits: waited.length }).toEqual({
    outcome: ok ? 'done' : 'failed',
    tried: tries,
    waits: tries - 1,
  });
});

test('the wrapper requires the release and takes its staging modules as published', () => {
  const goMod = 'module k8s.io/kubernetes\n\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n)\n';
  expect(wrapperModule(goMod, 'v1.34.4')).toBe(
    'module connaisseur.invalid/control-plane\n\nreplace (\n\tk8s.io/api => k8s.io/api v0.34.4\n)\n\nrequire k8s.io/kubernetes v1.34.4\n',
  );
});

test.for([
  { name: 'a tool that it does not know', args: ['--only', 'anvil'], status: 2 },
  { name: 'a flag that it does not know', args: ['--now'], status: 2 },
  { name: 'a list, which changes nothing', args: ['--list', '--only', 'helm,kwok'], status: 0 },
])('provision answers $name', ({ args, status }) => {
  const run = spawnSync(process.execPath, ['test/interop/provision.mjs', ...args], { encoding: 'utf8' });
  expect({ status: run.status, made: existsSync(join(cache, 'helm-v3.22.0')) }).toEqual({
    status,
    made: false,
  });
});

test('provision without Go names what could not be had and ends with 1', () => {
  const run = spawnSync(process.execPath, ['test/interop/provision.mjs', '--only', 'helm'], {
    encoding: 'utf8',
    env: { CONNAISSEUR_TOOLS: cache, PATH: '/nonexistent', HOME: cache, CONNAISSEUR_GO: '/nonexistent/go' },
  });
  expect(run.status).toBe(1);
  expect(run.stderr).toContain('could not be had: helm v3.22.0');
});

function writeEmpty(file: string): Promise<void> {
  writeFileSync(file, '');
  return Promise.resolve();
}
