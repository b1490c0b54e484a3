import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { CONNAISSEUR3_COSIGN, CONNAISSEUR3_DEFAULT } from './connaisseur3-values.js';
import { describeWithHelm, documents, one, template, type Yaml } from './helm.js';
import { VALUE_SETS } from './value-sets.js';

/** `helm template` prints no notes: a copy of the chart has one more template that does. */
let folder = '';
const SHOW = `apiVersion: v1
kind: Notes
metadata: { name: notes }
text: {{ include (print $.Template.BasePath "/NOTES.txt") . | toJson }}
`;

function notes(values: Yaml = {}): string {
  const { ok, text, error } = template({ values, chart: join(folder, 'chart') });
  if (!ok) throw new Error(error);
  return one(documents(text), 'Notes', 'notes').text;
}

describeWithHelm('the notes', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'notes-'));
    cpSync('deploy/chart', join(folder, 'chart'), { recursive: true });
    writeFileSync(join(folder, 'chart/templates/show.yaml'), SHOW);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.for<{ name: string; values?: Yaml; says: string[]; silent?: string[] }>([
    {
      name: 'the mode, what is exempt, and what comes next',
      says: [
        'Enforcing',
        'namespace connaisseur',
        'namespace kube-system',
        'pod-security.kubernetes.io/enforce=restricted',
        'helm -n connaisseur test connaisseur',
        'break-glass',
        'without a volume',
      ],
      silent: ['WEAKENED', 'Detection'],
    },
    {
      name: 'detection mode',
      values: { application: { features: { detectionMode: true } } },
      says: ['NOTHING IS DENIED'],
      silent: ['Enforcing'],
    },
    {
      name: 'every weakening',
      values: {
        kubernetes: {
          webhook: {
            failurePolicy: 'Ignore',
            unsafeFailOpen: true,
            guardNamespaceLabel: false,
            guardOwnNamespace: false,
            exemptKubeSystem: false,
          },
          networkPolicy: { enabled: false },
          deployment: { replicasCount: 1 },
        },
        application: {
          features: {
            patternMatching: 'connaisseur',
            namespacedValidation: { mode: 'ignore', insecureIgnoreNamespaces: ['dev-*'] },
          },
          registries: [{ host: 'r.lan', insecurePlainHttp: true }],
          policy: [
            {
              pattern: '*:*',
              validator: 'deny',
              with: { mode: 'insecureValidateOnly' },
              insecureDetectOnly: true,
            },
          ],
        },
      },
      says: [
        'WEAKENED',
        'unsafeFailOpen',
        'guardNamespaceLabel',
        'guardOwnNamespace: false',
        'networkPolicy.enabled: false',
        'one gateway',
        'patternMatching',
        'registry r.lan',
        'insecureValidateOnly',
        'insecureDetectOnly',
        'namespace dev-*',
        'webhook=ignore',
      ],
      silent: ['namespace kube-system', 'NETWORK'],
    },
    {
      name: 'ports, keychains and labels',
      values: CONNAISSEUR3_COSIGN,
      says: [
        '443, 5443',
        '169.254.169.254',
        'not labelled securesystemsengineering.connaisseur/webhook=validate',
        'Enforcing for Pods',
      ],
    },
    {
      name: 'the image of Connaisseur 3',
      values: CONNAISSEUR3_DEFAULT,
      says: ['names the image of Connaisseur 3', 'connaisseur:4.0.0-alpha.1'],
    },
    {
      name: 'a digest, an API server and a Redis of your own',
      values: {
        kubernetes: {
          deployment: { image: { digest: `sha256:${'a'.repeat(64)}` } },
          networkPolicy: { apiServer: { cidrs: ['10.0.0.1/32'] } },
          redis: { external: { enabled: true, secretName: 'r' } },
        },
      },
      says: ['Your own.'],
      silent: ['IMAGE', 'is not known'],
    },
  ])('say $name', ({ values, says, silent = [] }) => {
    const text = notes(values);
    for (const part of says) expect(text).toContain(part);
    for (const part of silent) expect(text).not.toContain(part);
  });

  test.for(VALUE_SETS)('of "$name" tell no secret', ({ values }) => {
    expect(notes(values ?? {})).not.toContain('hush');
  });
});
