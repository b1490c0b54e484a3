import { expect, test } from 'vitest';

import {
  CONNAISSEUR3_ALERTING,
  CONNAISSEUR3_COSIGN,
  CONNAISSEUR3_CREDENTIALS,
} from './connaisseur3-values.js';
import { describeWithHelm, objects, one, pods, type Yaml } from './helm.js';
import { VALUE_SETS } from './value-sets.js';

const COMPONENTS = ['alerting', 'gateway', 'installer', 'keeper', 'redis', 'test', 'verifier'];

/** Who a rule's peers are, in words: a component of ours, an address, or somebody else. */
function peersOf(peers: readonly Yaml[] | undefined): string[] {
  if (peers === undefined) return ['anyone'];
  return peers.map(({ ipBlock, podSelector, namespaceSelector }) => {
    if (ipBlock !== undefined) return ipBlock.cidr;
    const component = podSelector?.matchLabels?.['app.kubernetes.io/component'];
    if (component !== undefined && namespaceSelector === undefined) return component;
    return JSON.stringify(namespaceSelector ?? podSelector);
  });
}

/** `peer:port` for each edge of one direction. */
function edges(all: readonly Yaml[], component: string, direction: 'ingress' | 'egress'): string[] {
  const rules = one(all, 'NetworkPolicy', `connaisseur-${component}`).spec[direction] ?? [];
  return rules
    .flatMap(({ ports = [{ port: 'any' }], from, to }: Yaml) =>
      peersOf(from ?? to).flatMap((peer) => ports.map(({ port }: Yaml) => `${peer}:${port}`)),
    )
    .filter((edge: string) => edge !== 'anyone:53');
}

const WORLD = ['0.0.0.0/0:443', '::/0:443'];
const MONITORING = '{"matchLabels":{"kubernetes.io/metadata.name":"monitoring"}}:5080';

describeWithHelm('the edges of the network', () => {
  test('everything in the namespace is denied first, both ways', () => {
    const { spec } = one(objects(), 'NetworkPolicy', 'connaisseur-default-deny');
    expect(spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  });

  test.for<{ component: string; ingress: string[]; egress: string[] }>([
    {
      component: 'gateway',
      ingress: ['anyone:5000', MONITORING],
      // Redis, what a verifier reaches, and the API server for child approval.
      egress: ['redis:6379', ...WORLD, 'anyone:443', 'anyone:6443'],
    },
    { component: 'verifier', ingress: [MONITORING], egress: ['redis:6379', ...WORLD] },
    { component: 'alerting', ingress: [MONITORING], egress: ['redis:6379', ...WORLD] },
    { component: 'keeper', ingress: [MONITORING], egress: ['anyone:443', 'anyone:6443'] },
    { component: 'installer', ingress: [], egress: ['anyone:443', 'anyone:6443', 'gateway:5000'] },
    { component: 'test', ingress: [], egress: ['gateway:5000'] },
    { component: 'redis', ingress: ['gateway:6379', 'verifier:6379', 'alerting:6379'], egress: [] },
  ])('of $component, by default', ({ component, ingress, egress }) => {
    const all = objects();
    expect(edges(all, component, 'ingress')).toEqual(ingress);
    expect(edges(all, component, 'egress').toSorted()).toEqual(egress.toSorted());
    expect(one(all, 'NetworkPolicy', `connaisseur-${component}`).spec.policyTypes).toEqual([
      'Ingress',
      'Egress',
    ]);
  });

  test.for(VALUE_SETS)('$name: gateways reach what verifiers reach, and have their credentials', (set) => {
    const all = objects(set);
    const mounts = (name: string): string[] => {
      const { containers } = one(all, 'Deployment', name).spec.template.spec;
      return containers[0].volumeMounts
        .map(({ mountPath }: Yaml) => mountPath)
        .filter((path: string) => path.startsWith('/app/secrets/'));
    };
    expect(mounts('connaisseur')).toEqual(mounts('connaisseur-verifier'));
    if (!all.some(({ kind }) => kind === 'NetworkPolicy')) return;
    expect(edges(all, 'gateway', 'egress')).toEqual(expect.arrayContaining(edges(all, 'verifier', 'egress')));
  });

  test.for(VALUE_SETS)('$name: every pod is somebody whom a policy names', (set) => {
    const all = objects(set);
    expect(pods(all).filter(({ component }) => !COMPONENTS.includes(component))).toEqual([]);
    expect(pods(all).flatMap(({ spec }) => spec.hostNetwork ?? [])).toEqual([]);
  });

  test('cloud metadata is no registry, and no cidr of your own gets a foreign exception', () => {
    const blocks = (set: Yaml): Yaml[] =>
      one(objects(set), 'NetworkPolicy', 'connaisseur-verifier').spec.egress.flatMap(({ to = [] }: Yaml) =>
        to.flatMap(({ ipBlock }: Yaml) => ipBlock ?? []),
      );
    expect(blocks({})).toEqual([
      { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] },
      { cidr: '::/0', except: ['fd00:ec2::254/128'] },
    ]);
    expect(
      blocks({ values: { kubernetes: { networkPolicy: { registries: { cidrs: ['10.0.0.0/8'] } } } } }),
    ).toEqual([{ cidr: '10.0.0.0/8' }]);
  });

  test.for<{ name: string; values: Yaml; component: string; ports: string[] }>([
    {
      name: 'a port in a pattern',
      values: CONNAISSEUR3_COSIGN,
      component: 'verifier',
      ports: ['443', '5443'],
    },
    {
      name: 'a port of a notary server',
      values: CONNAISSEUR3_CREDENTIALS,
      component: 'verifier',
      ports: ['443', '4443'],
    },
    {
      name: 'a port of a receiver',
      values: CONNAISSEUR3_ALERTING,
      component: 'alerting',
      ports: ['443', '8443'],
    },
    {
      name: 'a port of a receiver that an answer hangs on',
      values: CONNAISSEUR3_ALERTING,
      component: 'gateway',
      ports: ['443', '8443'],
    },
    {
      name: 'a registry without TLS',
      values: {
        application: { registries: [{ host: 'r.lan', insecurePlainHttp: true }, { host: '[fd00::1]:5001' }] },
      },
      component: 'verifier',
      ports: ['443', '5001', '80'],
    },
  ])('$name is opened', ({ values, component, ports }) => {
    const found = edges(objects({ values }), component, 'egress').filter((edge) =>
      edge.startsWith('0.0.0.0/0:'),
    );
    expect([...new Set(found.map((edge) => edge.slice('0.0.0.0/0:'.length)))].toSorted()).toEqual(ports);
  });

  test('receivers are no business of a gateway whose answers hang on none', () => {
    const { receivers } = CONNAISSEUR3_ALERTING.alerting.rejectRequest;
    const values = { ...CONNAISSEUR3_ALERTING, alerting: { rejectRequest: { receivers } } };
    expect(edges(objects({ values }), 'gateway', 'egress')).not.toContain('0.0.0.0/0:8443');
  });

  test('S12 with the addresses of the API server, only it and our own Jobs reach the webhooks', () => {
    const all = objects({
      values: { kubernetes: { networkPolicy: { apiServer: { cidrs: ['10.0.0.1/32'] } } } },
    });
    const [webhook] = one(all, 'NetworkPolicy', 'connaisseur-gateway').spec.ingress;
    expect(peersOf(webhook.from)[0]).toBe('10.0.0.1/32');
    expect(webhook.from[1].podSelector.matchExpressions[0].values).toEqual(['installer', 'test']);
    expect(edges(all, 'keeper', 'egress')).toEqual(['10.0.0.1/32:443', '10.0.0.1/32:6443']);
  });
});
