import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { loadConfiguration } from '#config';

import { parseClusterSettings } from '../../apps/keeper/src/cluster-settings.js';
import { parseWebhookManifests } from '../../apps/keeper/src/webhook-manifests.js';

import {
  describeWithHelm,
  has,
  lint,
  objects,
  one,
  pods,
  template,
  templateAnew,
  type Yaml,
} from './helm.js';
import { restrictedViolations } from './pod-security.js';
import { VALUE_SETS } from './value-sets.js';

/** What must never be anywhere but in a Secret; the fixtures say `hush` in each. */
const SECRET = /hush/;

describeWithHelm('every set of values', () => {
  test('there are at least thirty', () => {
    expect(VALUE_SETS.length).toBeGreaterThanOrEqual(30);
    expect(new Set(VALUE_SETS.map(({ name }) => name)).size).toBe(VALUE_SETS.length);
  });

  test.for(VALUE_SETS)('$name renders objects that Kubernetes would read', (set) => {
    const all = objects(set);
    const names = all.map(({ apiVersion, kind, metadata }) =>
      [apiVersion, kind, metadata.namespace, metadata.name].join(' '),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const object of all) {
      expect(object).toMatchObject({ apiVersion: expect.any(String), kind: expect.any(String) });
      const { name } = object.metadata;
      expect(name).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
    }
  });

  test.for(VALUE_SETS)('$name: all pods are restricted', (set) => {
    const found = pods(objects(set));
    expect(found.length).toBeGreaterThanOrEqual(8);
    expect(
      found.flatMap(({ name, spec }) => restrictedViolations(spec).map((what) => `${name}: ${what}`)),
    ).toEqual([]);
  });

  test.for(VALUE_SETS)('$name: a secret value is in no object but a Secret', (set) => {
    const open = objects(set).filter(({ kind }) => kind !== 'Secret');
    expect(
      open.filter((object) => SECRET.test(JSON.stringify(object))).map(({ metadata }) => metadata.name),
    ).toEqual([]);
  });

  test.for(VALUE_SETS)('$name: no key, no certificate and no caBundle is rendered', (set) => {
    const { text } = template(set);
    expect(text).not.toMatch(/PRIVATE KEY|caBundle|ca\.key: |tls\.key: [^,]*LS0/);
    const secrets = objects(set).filter(({ kind }) => kind === 'Secret');
    const own = /^connaisseur-(tls|ca|redis-tls|redis-acl|.*-bus)$/;
    expect(secrets.filter(({ metadata }) => own.test(metadata.name))).toEqual([]);
  });

  test.for(VALUE_SETS)('$name: the gateway can load what it mounts', (set) => {
    const all = objects(set);
    const config = one(all, 'ConfigMap', 'connaisseur-app-config').data['config.yaml'];
    const alerts = has(all, 'Secret', 'connaisseur-alert-config')
      ? one(all, 'Secret', 'connaisseur-alert-config').stringData['config.yaml']
      : '{}';
    const configuration = loadConfiguration({
      file: { name: 'config.yaml', text: config },
      alerts: { name: 'alerts.yaml', text: alerts },
    });
    const given: Yaml = set.values?.application;
    if (given?.validators !== undefined) {
      expect(configuration.validators.map(({ name }) => name)).toEqual(
        given.validators.map(({ name }: Yaml) => name),
      );
    }
    if (given?.features?.cache?.expirySeconds !== undefined) {
      expect(configuration.features.cache.expirySeconds).toBe(given.features.cache.expirySeconds);
    }
    const receivers = set.values?.alerting?.rejectRequest?.receivers ?? [];
    expect(configuration.alerting.reject.map(({ template: name }) => name)).toEqual(
      receivers.map((r: Yaml) => r.template),
    );
  });

  test.for(VALUE_SETS)(
    '$name: every mounted ConfigMap and Secret is rendered, made by prepare, or the user’s',
    (set) => {
      const all = objects(set);
      const settings = parse(one(all, 'ConfigMap', 'connaisseur-cluster').data['cluster.yaml']);
      const made = ['tls', 'redis-tls', 'redis-acl', 'gateway-bus', 'verifier-bus', 'alerting-bus'].map(
        (n) => `connaisseur-${n}`,
      );
      const known = new Set([
        ...made,
        ...settings.secrets,
        ...(settings.certificates.source === 'cert-manager' ? [settings.certificates.secretName] : []),
      ]);
      const missing = pods(all).flatMap(({ name, spec }) =>
        mountedBy(spec).flatMap(({ kind, object }) =>
          known.has(object) || has(all, kind, object) ? [] : [`${name}: ${kind} ${object}`],
        ),
      );
      expect(missing).toEqual([]);
    },
  );

  test.for(VALUE_SETS)('$name: keeper and Jobs can read what they mount', (set) => {
    const { data } = one(objects(set), 'ConfigMap', 'connaisseur-cluster');
    const { namespace, release } = parseClusterSettings(data['cluster.yaml']);
    expect([namespace, release]).toEqual([set.namespace ?? 'connaisseur', set.release ?? 'connaisseur']);
    const manifests = parseWebhookManifests(data['webhooks.yaml']);
    const names = manifests.flatMap(({ webhooks }) => webhooks.map(({ name }) => name));
    expect(names).toEqual(Array.from({ length: 2 }, () => `connaisseur-svc.${namespace}.svc`));
  });

  test.for(VALUE_SETS)(
    '$name: every ServiceAccount of a pod and every subject of a binding is there',
    (set) => {
      const all = objects(set);
      const named = [
        ...pods(all).map(({ spec }) => spec.serviceAccountName),
        ...all
          .filter(({ kind }) => kind.endsWith('Binding'))
          .flatMap(({ subjects = [] }) => subjects.map((s: Yaml) => s.name)),
      ];
      expect(named.filter((name) => !has(all, 'ServiceAccount', name))).toEqual([]);
    },
  );
});

describeWithHelm('the chart', () => {
  test.for(['nothing', 'Connaisseur 3: default values', 'monitoring', 'Connaisseur 3: credentials'])(
    'lints with %s',
    (name) => {
      const { ok, text, error } = lint(VALUE_SETS.find((set) => set.name === name)?.values ?? {});
      expect(ok, text + error).toBe(true);
    },
  );

  test.for([
    'nothing',
    'Connaisseur 3: credentials',
    'cert-manager with an issuer of its own',
    'labels and annotations',
  ])('D09 two renders of "%s" are the same bytes', (name) => {
    const set = VALUE_SETS.find((candidate) => candidate.name === name);
    if (set === undefined) throw new Error(name);
    expect(templateAnew(set).text).toBe(templateAnew(set).text);
  });

  test('only the two images that values name are used', () => {
    const images = new Set(
      pods(objects()).flatMap(({ spec }) => spec.containers.map(({ image }: Yaml) => image)),
    );
    const redis = /^docker\.io\/library\/redis@sha256:[0-9a-f]{64}$/;
    expect([...images].filter((image) => !redis.test(String(image)))).toEqual(['connaisseur:4.0.0-alpha.1']);
  });
});

function mountedBy(spec: Yaml): { kind: string; object: string }[] {
  return (spec.volumes ?? []).flatMap((volume: Yaml) => {
    const parts = [volume, ...(volume.projected?.sources ?? [])];
    return parts.flatMap((part: Yaml) => [
      ...(part.secret === undefined
        ? []
        : [{ kind: 'Secret', object: part.secret.secretName ?? part.secret.name }]),
      ...(part.configMap === undefined ? [] : [{ kind: 'ConfigMap', object: part.configMap.name }]),
    ]);
  });
}
