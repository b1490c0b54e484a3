// The targets of the Makefile on a real control plane: what they leave behind is nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type CommandResult, runCommand, toolPath } from '../interop/world/index.js';
import { Cluster, NAMESPACE } from './cluster.js';

describe('make', () => {
  let cluster: Cluster;
  let values: string;
  let before: readonly string[];

  beforeAll(async () => {
    cluster = await Cluster.start();
    values = cluster.valuesFile({});
    before = await everything();
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  const make = async (target: string, ...args: string[]): Promise<CommandResult> => {
    const { kubeconfig, folder } = cluster.plane;
    const tools = [`HELM=${toolPath('helm') ?? 'helm'}`, `KUBECTL=${toolPath('kubectl') ?? 'kubectl'}`];
    const env = { PATH: process.env['PATH'], HOME: `${folder}/home`, KUBECONFIG: kubeconfig };
    const result = await runCommand('make', ['--no-print-directory', target, ...tools, ...args], { env });
    expect(result.code, `${result.stderr}${result.stdout}\n${cluster.node.logs()}`).toBe(0);
    return result;
  };

  /** Every object outside of namespaces, and all of ours inside them. */
  const everything = async (): Promise<readonly string[]> => {
    const names = async (...args: string[]): Promise<string[]> => {
      const text = await cluster.plane.kubectl([
        'api-resources',
        '--verbs=list,delete',
        '-o',
        'name',
        ...args,
      ]);
      const kinds = text
        .trim()
        .split('\n')
        .filter((kind) => kind !== 'nodes' && !kind.startsWith('events'));
      const place = args.includes('--namespaced=true')
        ? ['-A', '-l', 'app.kubernetes.io/part-of=connaisseur-ts']
        : [];
      const list = await cluster.plane.kubectl([
        'get',
        kinds.join(','),
        '-o',
        'name',
        '--ignore-not-found',
        ...place,
      ]);
      return list
        .trim()
        .split('\n')
        .filter((name) => name !== '');
    };
    return [...(await names('--namespaced=false')), ...(await names('--namespaced=true'))].toSorted();
  };
  const isArmed = async (): Promise<boolean> =>
    (await cluster.get('mutatingwebhookconfiguration', 'connaisseur-webhook')) !== undefined;

  test('D09 install arms, and labels the namespace; upgrade stays armed; uninstall leaves nothing', async () => {
    await make('install', `VALUES=${values}`);
    expect(await isArmed()).toBe(true);
    const label = '{.metadata.labels.pod-security\\.kubernetes\\.io/enforce}';
    expect(await cluster.read(label, 'namespace', NAMESPACE)).toBe('restricted');
    const uid = await cluster.read('{.metadata.uid}', 'mutatingwebhookconfiguration', 'connaisseur-webhook');
    // Under the label and our own policy: pods of Jobs and of a new revision still start.
    await make(
      'upgrade',
      `VALUES=${cluster.valuesFile({ kubernetes: { alerting: { podLabels: { more: 'one' } } } })}`,
    );
    expect(await cluster.read('{.metadata.uid}', 'mutatingwebhookconfiguration', 'connaisseur-webhook')).toBe(
      uid,
    );
    await make('uninstall');
    expect(await everything()).toEqual(before);
  }, 180_000);

  test('D09 annihilate leaves nothing of a running installation, and nothing puts it back', async () => {
    await make('install', `VALUES=${values}`);
    expect(await isArmed()).toBe(true);
    await make('annihilate');
    expect(await everything()).toEqual(before);
    await make('annihilate');
    expect(await isArmed()).toBe(false);
  }, 180_000);
});
