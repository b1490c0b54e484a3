import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';

import { expect, test } from 'vitest';

/** What Nest itself asks for; `Nest` on the page. */
const NEST = ['@nestjs/', 'reflect-metadata', 'rxjs'];

/** Who may import whom. The table of ARCHITECTURE.md is checked against this one. `node:` modules are free. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'libs/image-ref': [],
  'libs/contracts': ['zod'],
  'libs/policy': ['#image-ref'],
  'libs/registry': ['#image-ref', 'undici', 'yaml'],
  'libs/keychain': ['#registry', '@aws-sdk/client-ecr', 'google-auth-library', '@azure/identity'],
  'libs/trust': ['@noble/curves/'],
  'libs/validator': ['#image-ref'],
  'libs/validator-static': ['#image-ref', '#validator'],
  'libs/validator-cosign': ['#image-ref', '#validator', '#registry', '#trust', '@sigstore/tuf'],
  'libs/validator-notaryv1': ['#image-ref', '#validator', '#registry', '#trust'],
  'libs/config': ['#image-ref', '#policy', '#trust', '#validator', 'zod', 'yaml'],
  'libs/verification': [
    '#config',
    '#contracts',
    '#image-ref',
    '#keychain',
    '#policy',
    '#registry',
    '#validator',
    '#validator-static',
    '#validator-cosign',
    '#validator-notaryv1',
    'lru-cache',
  ],
  'libs/admission': ['#image-ref', '#validator', '#contracts'],
  'libs/bus': ['#contracts', '@nestjs/common', '@nestjs/microservices', 'ioredis', 'rxjs', 'zod'],
  'libs/certificates': ['@peculiar/x509', 'reflect-metadata'],
  'libs/kubernetes': ['@kubernetes/client-node'],
  'libs/alerts': ['#config', '#contracts', '#validator', 'handlebars'],
  'libs/observability': ['pino', 'prom-client', '@nestjs/common'],
  'libs/testing': ['#*', 'vitest', '@noble/', '@sigstore/', '@peculiar/x509', 'ioredis', 'reflect-metadata'],
  'apps/gateway': ['#*', '!#testing', '!#apps', ...NEST, 'prom-client'],
  'apps/verifier': ['#*', '!#testing', '!#apps', ...NEST, 'prom-client'],
  'apps/alerting': ['#*', '!#testing', '!#apps', ...NEST, 'prom-client', 'bullmq', 'ioredis'],
  'apps/standalone': ['#*', '!#testing', 'prom-client'],
  'apps/keeper': ['#*', '!#testing', '!#apps', ...NEST, 'prom-client', 'yaml', 'zod'],
  'apps/cli': ['#*', '!#testing', 'commander', 'yaml'],
  // What `npm start` and `npm test` need before there are packages; the launcher's search for Node 24 is one piece of it.
  'deploy/local': ['#*', '../../apps/cli/bin/node24.mjs'],
  'deploy/chart': ['#config', 'yaml'],
};

const APPS = ['#gateway', '#verifier', '#alerting', '#keeper', '#standalone'];
const SPECIFIER = /\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

function isAllowed(specifier: string, file: string, project: string, allowed: readonly string[]): boolean {
  if (allowed.includes(specifier)) return true;
  if (specifier.startsWith('.')) return resolve(dirname(file), specifier).startsWith(resolve(project) + sep);
  if (specifier.startsWith('node:')) return true;
  if (allowed.includes('!#testing') && specifier === '#testing') return false;
  if (allowed.includes('!#apps') && APPS.includes(specifier)) return false;
  return allowed.some(
    (entry) =>
      (entry === '#*' && specifier.startsWith('#')) ||
      (entry.endsWith('/') && specifier.startsWith(entry)) ||
      (!entry.startsWith('#') && !entry.startsWith('!') && specifier.startsWith(`${entry}/`)),
  );
}

/** Refused imports of a project as `file → specifier`. */
function refusedImports(project: string, allowed: readonly string[]): { files: string[]; refused: string[] } {
  const files = globSync(`${project}/{src,bin,.}/**/*.{ts,mjs}`).filter(
    (file) => !file.includes('.spec.') && !file.includes('.contract.') && !file.includes('node_modules'),
  );
  const refused = [...new Set(files)].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(SPECIFIER)]
      .map((match) => match[1] ?? match[2] ?? '')
      .filter((specifier) => !isAllowed(specifier, file, project, allowed))
      .map((specifier) => `${file} → ${specifier}`),
  );
  return { files, refused };
}

test.for(Object.entries(MAY_IMPORT))('%s imports only what its row allows', ([project, allowed]) => {
  const { files, refused } = refusedImports(project, allowed);
  expect(files).not.toEqual([]);
  expect(refused).toEqual([]);
});

test('every project has a row', () => {
  const projects = globSync('{apps,libs}/*').toSorted();
  expect([...projects, 'deploy/chart', 'deploy/local'].toSorted()).toEqual(
    Object.keys(MAY_IMPORT).toSorted(),
  );
});

test.for(globSync('{apps,libs}/*'))('%s says what it is for', (project) => {
  expect(existsSync(`${project}/README.md`)).toBe(true);
  expect(readFileSync(`${project}/README.md`, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(40);
});

test.for([
  {
    name: 'another lib’s inside',
    file: 'libs/policy/src/x.ts',
    specifier: '../../registry/src/y.js',
    ok: false,
  },
  { name: 'its own inside', file: 'libs/policy/src/x.ts', specifier: './y.js', ok: true },
  { name: 'a framework in a pure lib', file: 'libs/policy/src/x.ts', specifier: '@nestjs/common', ok: false },
  { name: 'an app in an app', file: 'apps/gateway/src/x.ts', specifier: '#verifier', ok: false },
  { name: 'the fakes in an app', file: 'apps/gateway/src/x.ts', specifier: '#testing', ok: false },
  { name: 'a lib in an app', file: 'apps/gateway/src/x.ts', specifier: '#policy', ok: true },
])('the table judges $name', ({ file, specifier, ok }) => {
  const project = file.split('/').slice(0, 2).join('/');
  expect(isAllowed(specifier, file, project, MAY_IMPORT[project] ?? [])).toBe(ok);
});

test.for(
  Object.entries(MAY_IMPORT).filter(([project]) => project.startsWith('libs/') && project !== 'libs/testing'),
)('ARCHITECTURE.md has this row of %s', ([project, allowed]) => {
  const row = rowOf(project);
  const own = allowed.filter((entry) => entry.startsWith('#')).map((entry) => entry.slice(1));
  const named = (row?.[3] ?? '').replace('–', '').split(', ').filter(Boolean);
  expect(expand(named, own).toSorted()).toEqual(own.toSorted());
  const packages = (row?.[4] ?? '').replace('–', '').split(', ').filter(Boolean);
  expect(packages.toSorted()).toEqual(
    allowed
      .filter((entry) => !entry.startsWith('#'))
      .map((entry) => entry.replace(/\/$/, ''))
      .toSorted(),
  );
});

test.for(Object.entries(MAY_IMPORT).filter(([project]) => project.startsWith('apps/')))(
  'ARCHITECTURE.md has the packages of %s',
  ([project, allowed]) => {
    const named = (rowOf(project)?.[4] ?? '')
      .split(', ')
      .flatMap((name) => (name === 'Nest' ? NEST : [name]));
    expect(named.toSorted()).toEqual(allowed.filter((entry) => !/^!?#/.test(entry)).toSorted());
  },
);

/** The cells of a project's row. */
function rowOf(project: string): readonly string[] | undefined {
  return readFileSync('ARCHITECTURE.md', 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .find(([, name]) => name === project);
}

/** `validator*` in the page stands for all libs of that beginning. */
function expand(named: readonly string[], own: readonly string[]): string[] {
  return named.flatMap((name) =>
    name.endsWith('*') ? own.filter((entry) => entry.startsWith(name.slice(0, -1))) : [name],
  );
}

test('a file over 200 lines says why in its first line', () => {
  const long = globSync('{apps,libs,deploy,test}/**/*.{ts,mjs}')
    .filter((file) => !file.includes('node_modules'))
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }))
    .filter(({ text }) => text.split('\n').length > 201);
  expect(long.length).toBeGreaterThan(0);
  expect(long.filter(({ text }) => !text.startsWith('// Over 200 lines: ')).map(({ file }) => file)).toEqual(
    [],
  );
});
