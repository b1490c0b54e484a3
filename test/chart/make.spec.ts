// What the Makefile would run: the lines that README and docs/how-to/install.md promise, in their order.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { parse } from 'yaml';

const VERSION: string = parse(readFileSync('deploy/chart/Chart.yaml', 'utf8')).appVersion;

function make(...args: string[]): string[] {
  const text = execFileSync('make', ['--dry-run', '--no-print-directory', ...args], { encoding: 'utf8' });
  return text.trimEnd().split('\n');
}

test.for([
  {
    name: 'docker builds the image that the chart names',
    args: ['docker'],
    lines: [`docker build -f deploy/docker/Dockerfile -t connaisseur:${VERSION} .`],
  },
  {
    name: 'install is the line of the quick start, and labels the namespace',
    args: ['install'],
    lines: [
      'helm install connaisseur deploy/chart --atomic --create-namespace --namespace connaisseur',
      'kubectl label namespace connaisseur --overwrite pod-security.kubernetes.io/enforce=restricted',
    ],
  },
  {
    name: 'install takes values, a namespace and a release',
    args: ['install', 'VALUES=my.yaml', 'NAMESPACE=guard', 'RELEASE=g', 'HELM=h', 'KUBECTL=k'],
    lines: [
      'h install g deploy/chart --atomic --create-namespace --namespace guard --values my.yaml',
      'k label namespace guard --overwrite pod-security.kubernetes.io/enforce=restricted',
    ],
  },
  {
    name: 'upgrade waits and deletes nothing',
    args: ['upgrade', 'VALUES=my.yaml'],
    lines: ['helm upgrade connaisseur deploy/chart --wait --namespace connaisseur --values my.yaml'],
  },
  {
    name: 'uninstall lets helm disarm before the namespace goes',
    args: ['uninstall'],
    lines: ['helm uninstall connaisseur --namespace connaisseur', 'kubectl delete namespace connaisseur'],
  },
])('$name', ({ args, lines }) => {
  expect(make(...args).map((line) => line.trimEnd())).toEqual(lines);
});

test('D09 annihilate stops who would put webhooks back, deletes these, then by our label, and the namespace last', () => {
  const kinds = make('annihilate').map((line) => line.split(' ')[2]);
  expect(kinds).toEqual([
    'deployments,jobs',
    'mutatingwebhookconfigurations,validatingwebhookconfigurations',
    'validatingadmissionpolicybindings,validatingadmissionpolicies',
    'clusterrolebindings,clusterroles,priorityclasses',
    'roles,rolebindings',
    'namespace',
  ]);
});

test('a version of the Makefile, the chart and the package is one', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(VERSION).toBe(version);
});
