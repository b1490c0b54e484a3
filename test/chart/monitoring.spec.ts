import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';

import { AlertingMetrics } from '../../apps/alerting/src/alerting-metrics.js';
import { GatewayMetrics } from '../../apps/gateway/src/management/gateway-metrics.js';
import { KeeperMetrics } from '../../apps/keeper/src/keeper-metrics.js';
import { VerifierMetrics } from '../../apps/verifier/src/verifier-metrics.js';

import { describeWithHelm, objects, one, type Yaml } from './helm.js';

/** Every metric that a process of ours exports, as it names it itself. */
function exported(): ReadonlySet<string> {
  const of = (make: (registry: Registry) => unknown): Registry => {
    const registry = new Registry();
    make(registry);
    return registry;
  };
  const registries = [
    of((registry) => new GatewayMetrics(registry)),
    of((registry) => new VerifierMetrics(registry)),
    of((registry) => new AlertingMetrics(registry, () => Promise.resolve(new Map()))),
    of((registry) => new KeeperMetrics(registry)),
  ];
  const names = registries.flatMap((registry) => registry.getMetricsAsArray());
  return new Set(
    names.flatMap(({ name, type }: Yaml) =>
      // The last is prom-client's word for a histogram, as text or as an enumeration.
      [name, ...(String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [])],
    ),
  );
}

const namedBy = (expression: string): string[] => expression.match(/\bconnaisseur_[a-z_]+/g) ?? [];
const KNOWN = exported();
const RULES = parse(readFileSync('deploy/chart/files/rules.yaml', 'utf8'));
const DASHBOARD = JSON.parse(readFileSync('deploy/chart/files/dashboard.json', 'utf8'));
const ALL_ON = {
  serviceMonitor: { enabled: true },
  prometheusRule: { enabled: true },
  dashboard: { enabled: true },
};

test('the metrics of all services are found', () => {
  expect(KNOWN.size).toBeGreaterThan(25);
  expect(KNOWN).toContain('connaisseur_requests_denied_total');
});

test.for(RULES.groups[0].rules as { alert: string; expr: string; annotations: Yaml; labels: Yaml }[])(
  'rule $alert names metrics that exist, and says what to do',
  ({ expr, annotations, labels }) => {
    expect(namedBy(expr)).not.toEqual([]);
    expect(namedBy(expr).filter((name) => !KNOWN.has(name))).toEqual([]);
    expect(annotations).toMatchObject({ summary: expect.any(String), description: expect.any(String) });
    expect(['critical', 'warning']).toContain(labels.severity);
  },
);

test('events and features that rules name are words of the code', () => {
  const sources = globSync('{apps,libs}/*/src/**/*.ts').filter((file) => !file.endsWith('.spec.ts'));
  const code = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
  const words = RULES.groups[0].rules.flatMap(({ expr }: Yaml) =>
    [...expr.matchAll(/\b(?:event|feature|decision|result|state)=~?"([^"]+)"/g)].flatMap(
      ([, value]) => value?.split('|') ?? [],
    ),
  );
  expect(words.length).toBeGreaterThan(5);
  expect(
    words.filter(
      (word: string) =>
        !code.includes(`'${word}'`) && !code.includes(`readonly ${word}:`) && !code.includes(`${word}:`),
    ),
  ).toEqual([]);
});

test('every panel of the dashboard asks for metrics that exist', () => {
  const panels = DASHBOARD.panels.filter(({ type }: Yaml) => type !== 'row');
  const expressions = panels.flatMap(({ targets }: Yaml) => targets.map(({ expr }: Yaml) => expr));
  expect(expressions.length).toBeGreaterThan(14);
  expect(expressions.filter((expression: string) => namedBy(expression).length === 0)).toEqual([]);
  expect(expressions.flatMap(namedBy).filter((name: string) => !KNOWN.has(name))).toEqual([]);
  expect(new Set(panels.map(({ id }: Yaml) => id)).size).toBe(panels.length);
});

const PROMTOOL = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0;
test.skipIf(!PROMTOOL)(
  `promtool takes the rules${PROMTOOL ? '' : ' (skipped: promtool is not there)'}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'rules-'));
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, stringify(RULES));
    const { status, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(status, stderr).toBe(0);
  },
);

describeWithHelm('monitoring in the chart', () => {
  test('is off by default', () => {
    const kinds = objects().map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'ServiceMonitor' || kind === 'PrometheusRule')).toEqual([]);
  });

  test('is what the files say, with your labels', () => {
    const prometheusRule = { enabled: true, labels: { release: 'prometheus' } };
    const all = objects({ values: { kubernetes: { monitoring: { ...ALL_ON, prometheusRule } } } });
    const rule = one(all, 'PrometheusRule', 'connaisseur');
    expect(rule.spec).toEqual(RULES);
    expect(rule.metadata.labels['release']).toBe('prometheus');
    const dashboard = one(all, 'ConfigMap', 'connaisseur-dashboard');
    expect(JSON.parse(dashboard.data['connaisseur.json'])).toEqual(DASHBOARD);
    expect(dashboard.metadata.labels['grafana_dashboard']).toBe('1');
  });

  test('scrapes every pod that has the port', () => {
    const all = objects({ values: { kubernetes: { monitoring: ALL_ON } } });
    const service = one(all, 'Service', 'connaisseur-metrics');
    expect(service.spec.ports).toEqual([
      { name: 'management', port: 5080, targetPort: 'management', protocol: 'TCP' },
    ]);
    const monitor = one(all, 'ServiceMonitor', 'connaisseur');
    expect(service.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels);
  });
});
