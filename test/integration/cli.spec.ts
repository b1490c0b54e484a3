// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Ended, run } from './cli-rig.js';
import { CliWorld, NOBODY, type PolicyText } from './cli-world.js';

let world: CliWorld;

beforeAll(async () => {
  world = await CliWorld.start();
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

/** The one result of `verify -o json`. */
interface Result {
  readonly image: string;
  readonly outcome: string;
  readonly code?: string;
  readonly digest?: string;
  readonly rule?: string;
  readonly validator?: string;
  readonly message: string;
  readonly evidence: readonly unknown[];
}

function resultsOf({ stdout }: Ended): readonly Result[] {
  const { schemaVersion, results } = JSON.parse(stdout) as { schemaVersion: number; results: Result[] };
  expect(schemaVersion).toBe(1);
  return results;
}

let policies = 0;
const policy = (options: PolicyText = {}): string => world.policy(`policy-${(policies += 1)}.yaml`, options);

/** Two lines without a fault. */
const MINIMAL =
  'validators: [{ name: deny, type: static, approve: false }]\npolicy: [{ pattern: "*:*", validator: deny }]\n';

describe.concurrent('verify ends with the exit code of the reason', () => {
  test.for<{
    name: string;
    image: (w: CliWorld) => string;
    policy?: PolicyText;
    args?: (w: CliWorld) => string[];
    env?: (w: CliWorld) => NodeJS.ProcessEnv;
    exit: number;
    code?: string;
  }>([
    { name: 'a trusted signature', image: (w) => `${w.open.host}/app/signed:v1`, exit: 0 },
    { name: 'no signature', image: (w) => `${w.open.host}/app/unsigned:v1`, exit: 10, code: 'CNS-1003' },
    { name: 'no such image', image: (w) => `${w.open.host}/app/missing:v1`, exit: 11, code: 'CNS-1011' },
    { name: 'another key', image: (w) => `${w.open.host}/app/foreign:v1`, exit: 12, code: 'CNS-1004' },
    {
      name: 'no proof of the log',
      image: (w) => `${w.open.host}/app/signed:v1`,
      policy: { rule: 'verifyInTransparencyLog: true' },
      exit: 13,
      code: 'CNS-1006',
    },
    {
      name: 'too few signers',
      image: (w) => `${w.open.host}/app/signed:v1`,
      policy: { rule: 'verifyInTransparencyLog: false, trustRoot: "*", threshold: 2' },
      exit: 15,
      code: 'CNS-1008',
    },
    { name: 'a static denial', image: () => 'ghcr.io/acme/web:1', exit: 20, code: 'CNS-1002' },
    {
      name: 'no rule',
      image: () => 'ghcr.io/acme/web:1',
      policy: { catchAll: false },
      exit: 21,
      code: 'CNS-1001',
    },
    { name: 'an image reference that does not parse', image: () => 'ghcr.io/A B', exit: 2, code: 'CNS-1010' },
    {
      name: 'credentials that are missing',
      image: (w) => `${w.locked.host}/app/signed:v1`,
      exit: 30,
      code: 'CNS-2003',
    },
    {
      name: 'credentials of the Docker configuration',
      image: (w) => `${w.locked.host}/app/signed:v1`,
      env: (w) => ({ DOCKER_CONFIG: w.dockerConfig() }),
      exit: 0,
    },
    {
      name: 'a secretName without --secrets: the Docker configuration',
      image: (w) => `${w.locked.host}/app/signed:v1`,
      policy: { auth: true },
      env: (w) => ({ DOCKER_CONFIG: w.dockerConfig() }),
      exit: 0,
    },
    {
      name: 'a secretName with neither: anonymous',
      image: (w) => `${w.locked.host}/app/signed:v1`,
      policy: { auth: true },
      exit: 30,
      code: 'CNS-2003',
    },
    {
      name: 'a secretName with --secrets',
      image: (w) => `${w.locked.host}/app/signed:v1`,
      policy: { auth: true },
      args: (w) => ['--secrets', w.secrets()],
      exit: 0,
    },
    {
      name: 'a secret that is not there: the configuration is at fault',
      image: (w) => `${w.locked.host}/app/signed:v1`,
      policy: { auth: true },
      args: (w) => ['--secrets', w.directory],
      exit: 2,
      code: 'CNS-3001',
    },
    { name: 'a host that is not there', image: () => `${NOBODY}/app/signed:v1`, exit: 31, code: 'CNS-2004' },
    {
      name: 'a registry that lies about digests',
      image: (w) => `${w.lying.host}/app/signed:v1`,
      exit: 31,
      code: 'CNS-2007',
    },
    {
      name: 'a registry that limits',
      image: (w) => `${w.limited.host}/app/signed:v1`,
      args: () => ['--timeout', '2'],
      exit: 32,
      code: 'CNS-2005',
    },
    {
      name: 'a registry that does not answer in time',
      image: (w) => `${w.slow.host}/app/signed:v1`,
      args: () => ['--timeout', '1'],
      exit: 33,
      code: 'CNS-2006',
    },
  ])('$name: $exit', async ({ image, policy: text, args, env, exit, code }) => {
    const ended = await run(
      ['verify', image(world), '-p', policy(text), '-o', 'json', ...(args?.(world) ?? [])],
      { env: env?.(world) ?? {} },
    );
    expect(ended).toMatchObject({ code: exit });
    const [result] = resultsOf(ended);
    expect(result?.code).toBe(code);
    expect(result?.outcome).toBe(code === undefined ? 'admitted' : code < 'CNS-2' ? 'refused' : 'undecided');
    expect(result?.image).toBe(image(world));
    expect(`${ended.stdout}${ended.stderr}`).not.toContain('canary');
  });
});

describe.concurrent('verify', () => {
  test('of several images prints them in their order and ends with the code of the first that is not admitted', async () => {
    const images = ['signed', 'foreign', 'unsigned'].map((name) => `${world.open.host}/app/${name}:v1`);
    const ended = await run(['verify', ...images, '-p', policy(), '-o', 'json']);
    expect(ended.code).toBe(12);
    expect(resultsOf(ended).map(({ image, outcome }) => [image, outcome])).toEqual([
      [images[0], 'admitted'],
      [images[1], 'refused'],
      [images[2], 'refused'],
    ]);
  });

  test('tells in JSON what was proved and how', async () => {
    const digest = await world.push(world.open, 'app/json', 'team');
    const image = `${world.open.host}/app/json:v1`;
    const ended = await run(['verify', image, '-p', policy(), '-o', 'json']);
    const [result] = resultsOf(ended);
    expect(result).toMatchObject({
      image,
      outcome: 'admitted',
      digest,
      rule: `${world.open.host}/*:*`,
      validator: 'team',
      message: 'verified',
    });
    expect(result?.evidence.length).toBeGreaterThan(0);
    expect(ended.stderr).toBe('');
  });

  test('prints text for people on stdout, without colours where it is no terminal', async () => {
    const ended = await run(['verify', `${world.open.host}/app/unsigned:v1`, '-p', policy()]);
    expect(ended.stdout).toMatch(/^DENY {2}CNS-1003 127\.0\.0\.1:\d+\/app\/unsigned:v1\n/);
    expect(ended.stdout).not.toContain('\u001b');
    expect(ended.stderr).toBe('');
  });

  test('that takes long says on stderr what it waits for', async () => {
    const image = `${world.slow.host}/app/signed:v1`;
    const ended = await run(['verify', image, '-p', policy(), '-o', 'json', '--timeout', '4']);
    expect(ended.stderr).toBe(`0 of 1 done, waiting for ${image}\n`);
    expect(resultsOf(ended)).toHaveLength(1);
  });
});

describe.concurrent('a command that cannot work says what to give', () => {
  test.for<{
    name: string;
    args: (w: CliWorld) => string[];
    exit: number;
    says: RegExp;
    env?: NodeJS.ProcessEnv;
  }>([
    { name: 'nothing', args: () => [], exit: 2, says: /Usage: connaisseur/ },
    {
      name: 'an unknown command',
      args: () => ['verfy'],
      exit: 2,
      says: /unknown command.*\n.*Did you mean verify/s,
    },
    {
      name: 'an unknown option',
      args: () => ['lint', 'x', '--strct'],
      exit: 2,
      says: /unknown option '--strct'/,
    },
    {
      name: 'no image',
      args: () => ['verify', '-p', 'x'],
      exit: 2,
      says: /missing required argument 'image'/,
    },
    {
      name: 'no policy',
      args: () => ['verify', 'nginx'],
      exit: 2,
      says: /required option '-p, --policy <file>'/,
    },
    {
      name: 'no such policy',
      args: () => ['verify', 'nginx', '-p', '/no/such'],
      exit: 2,
      says: /\/no\/such .*no such file/,
    },
    {
      name: 'a format that is none',
      args: () => ['lint', 'x', '-o', 'xml'],
      exit: 2,
      says: /Allowed choices are text, json/,
    },
    {
      name: 'a time that is none',
      args: () => ['verify', 'a', '-p', 'x', '--timeout', '0'],
      exit: 2,
      says: /Expected seconds/,
    },
    { name: 'standalone without a policy', args: () => ['standalone'], exit: 2, says: /-p FILE, or --demo/ },
    {
      name: 'standalone with both',
      args: () => ['standalone', '--demo', '-p', 'x'],
      exit: 2,
      says: /-p FILE, or --demo/,
    },
    {
      name: 'a certificate without its key',
      args: (w) => ['standalone', '-p', w.policy('x.yaml'), '--tls-cert', 'x'],
      exit: 2,
      says: /go together/,
    },
    {
      name: 'an address that is none',
      args: (w) => ['standalone', '-p', w.policy('x.yaml'), '--listen', 'here'],
      exit: 2,
      says: /expected HOST:PORT/,
    },
    { name: 'watch without Redis', args: () => ['watch'], exit: 2, says: /no Redis is named/ },
    {
      name: 'a Redis address that is none',
      args: () => ['watch', '--redis-url', 'http://x'],
      exit: 2,
      says: /expected redis:/,
    },
    {
      name: 'watch without keys',
      args: () => ['watch', '--redis-url', 'unix:///x', '--keys', '/no/keys'],
      exit: 1,
      says: /there is no \/no\/keys/,
    },
    {
      name: 'a service without its configuration',
      args: () => ['gateway', '--config', '/no/such'],
      exit: 2,
      says: /\/no\/such .*no such file/,
    },
    {
      name: 'a broken Docker configuration',
      args: (w) => ['verify', 'nginx', '-p', w.policy('x.yaml')],
      env: { DOCKER_CONFIG: '{dir}/broken' },
      exit: 2,
      says: /Docker configuration .*config\.json: expected/,
    },
  ])('$name: $exit', async ({ args, exit, says, env }) => {
    world.write('broken/config.json', '{"auths": canary');
    const given = { DOCKER_CONFIG: env?.['DOCKER_CONFIG']?.replace('{dir}', world.directory) };
    const ended = await run(args(world), { env: env === undefined ? {} : given });
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toMatch(says);
    expect(ended.stderr).not.toMatch(/\n\s+at |canary/);
    expect(ended.code).toBe(exit);
  });

  test.for(
    [
      '',
      'verify',
      'explain',
      'lint',
      'standalone',
      'gateway',
      'verifier',
      'alerting',
      'watch',
      'keys',
      'setup',
      'redis-acl',
    ].map((command) => ({ command })),
  )('and "$command --help" tells how, with exit code 0', async ({ command }) => {
    const { code, stdout } = await run([...(command === '' ? [] : [command]), '--help']);
    expect(stdout).toMatch(command === '' ? /Commands:/ : new RegExp(`^Usage: connaisseur ${command} `));
    expect(code).toBe(0);
  });

  test('--version prints it', async () => {
    expect(await run(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+.*\n$/),
    });
  });
});

describe.concurrent('lint', () => {
  const receiver = (template: string, url: string): string =>
    `alerting:\n  rejectRequest:\n    receivers:\n      - template: ${template}\n        receiverUrl: ${url}/canary-token\n`;

  test.for<{
    name: string;
    file: (w: CliWorld) => string;
    args?: (w: CliWorld) => string[];
    exit: number;
    codes: string[];
  }>([
    { name: 'a policy without faults', file: () => policy(), exit: 0, codes: [] },
    {
      name: 'a misspelt key',
      file: (w) => w.write('misspelt.yaml', `${MINIMAL}policies: []\n`),
      exit: 2,
      codes: ['unknown-key'],
    },
    {
      name: 'every error at once, broken PEM included',
      file: (w) =>
        w.write(
          'many.yaml',
          'validators:\n  - { name: a, type: cosing }\n  - name: b\n    type: cosign\n    trustRoots:\n      - name: default\n        key: |\n          -----BEGIN PUBLIC KEY-----\n          broken!\n          -----END PUBLIC KEY-----\npolicy:\n  - { pattern: "*:*", validator: nobody }\n',
        ),
      exit: 2,
      codes: ['public-key', 'unknown-type', 'unknown-validator'],
    },
    {
      name: 'a receiver with a template that ships',
      file: () => policy({ more: receiver('slack', 'https://hooks.example.com') }),
      exit: 0,
      codes: [],
    },
    {
      name: 'a receiver whose template is missing',
      file: () => policy({ more: receiver('nothing', 'https://hooks.example.com') }),
      exit: 2,
      codes: ['alert-template-missing'],
    },
    {
      name: 'a template of one’s own',
      file: (w) => {
        w.write('templates/mine.json', '{"text": "{{ alert_message }}"}');
        return policy({ more: receiver('mine', 'https://hooks.example.com') });
      },
      args: (w) => ['--templates', join(w.directory, 'templates')],
      exit: 0,
      codes: [],
    },
    {
      name: 'a warning',
      file: () => policy({ more: receiver('slack', 'http://hooks.example.com') }),
      exit: 0,
      codes: ['alert-plain-http'],
    },
    {
      name: 'a warning with --strict',
      file: () => policy({ more: receiver('slack', 'http://hooks.example.com') }),
      args: () => ['--strict'],
      exit: 2,
      codes: ['alert-plain-http'],
    },
    {
      name: 'a secret that is there',
      file: () => policy({ auth: true }),
      args: (w) => ['--secrets', w.secrets()],
      exit: 0,
      codes: [],
    },
    {
      name: 'a secret that is not there',
      file: () => policy({ auth: true }),
      args: (w) => ['--secrets', join(w.directory, 'none')],
      exit: 2,
      codes: ['secret'],
    },
    {
      name: 'a secret that cannot be read',
      file: (w) => {
        w.write('torn/registry/.dockerconfigjson', '{"auths": canary');
        return policy({ auth: true });
      },
      args: (w) => ['--secrets', join(w.directory, 'torn')],
      exit: 2,
      codes: ['secret'],
    },
  ])('$name: $exit', async ({ file, args, exit, codes }) => {
    const path = file(world);
    const ended = await run(['lint', path, '-o', 'json', ...(args?.(world) ?? [])]);
    const { findings } = JSON.parse(ended.stdout) as {
      findings: { code: string; file: string; line: number }[];
    };
    expect(findings.map(({ code }) => code).toSorted()).toEqual(codes);
    for (const finding of findings) expect(finding).toMatchObject({ file: path, line: expect.any(Number) });
    expect(findings.every(({ line }) => line > 0)).toBe(true);
    expect(`${ended.stdout}${ended.stderr}`).not.toContain('canary');
    expect(ended.code).toBe(exit);
  });

  test('shows the lines around an error, and verify the same on stderr', async () => {
    const file = world.write('lines.yaml', `${MINIMAL}featrues: {}\n`);
    const context =
      /lines\.yaml:3:1 {2}error {2}featrues {2}.*\(unknown-key\)\n {2}2 \| policy: .*\n {2}3 \| featrues: \{\}\n {4}\| \^\n/;
    expect(await run(['lint', file])).toMatchObject({ code: 2, stdout: expect.stringMatching(context) });
    expect(await run(['verify', 'nginx', '-p', file])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(context),
    });
  });
});

describe.concurrent('explain', () => {
  test('names every rule that matches and why the first decides, then what was found', async () => {
    const image = `${world.open.host}/app/foreign:v1`;
    const { code, stdout } = await run(['explain', image, '-p', policy()]);
    expect(stdout).toMatch(
      /rule +policy\[1\] .* -> team +<- decides\n +policy\[0\] +\*:\* {2}-> deny\nbecause/,
    );
    expect(stdout).toContain('DENY  CNS-1004');
    expect(code).toBe(12);
  });

  test.for([
    { name: 'a rule is chosen', image: 'ghcr.io/acme/web:1', catchAll: true, exit: 0 },
    { name: 'no rule matches', image: 'ghcr.io/acme/web:1', catchAll: false, exit: 21 },
    { name: 'the reference does not parse', image: 'ghcr.io/A', catchAll: true, exit: 2 },
    { name: 'a registry that would not answer', image: `${NOBODY}/app:v1`, catchAll: true, exit: 0 },
  ])('--offline: $name: $exit', async ({ image, catchAll, exit }) => {
    const ended = await run(['explain', image, '-p', policy({ catchAll }), '--offline', '-o', 'json']);
    expect(JSON.parse(ended.stdout)).toMatchObject({ schemaVersion: 1, image });
    expect(ended.code).toBe(exit);
  });
});

describe.concurrent('keys', () => {
  test('makes one folder for each component, readable by nobody else, and never overwrites', async () => {
    const directory = join(world.directory, 'keys');
    mkdirSync(directory);
    expect(await run(['keys', directory])).toMatchObject({ code: 0 });
    const folders = readdirSync(directory).toSorted();
    expect(folders).toEqual(['alerting', 'gateway', 'verifier', 'watch']);
    const held = (name: string): string[] =>
      readdirSync(join(directory, name))
        .map((file) => file.replace(/^[^.]+\./, ''))
        .toSorted();
    expect(held('gateway')).not.toContain('verdicts.key');
    expect(held('verifier')).not.toContain('decisions.key');
    expect(held('watch')).toEqual(['decisions.pub']);
    for (const name of folders)
      for (const file of readdirSync(join(directory, name)))
        expect(statSync(join(directory, name, file)).mode & 0o077).toBe(0);
    const again = await run(['keys', directory]);
    expect(again).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('not empty') });
  });
});
