// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

import type { DecisionRecord } from '#contracts';
import { KINDS } from '#kubernetes';
import { silentLogger } from '#observability';
import { aDecidedImage, aDenial, anAdmission, VirtualCluster } from '#testing';

import type { DecisionStream } from '../decision-intake.js';
import { ClusterMetrics } from './cluster-metrics.js';
import { PatientApi } from './patient-api.js';
import { ReportApi, type ReportChoice } from './report-api.js';
import { ReportWriter } from './report-writer.js';

const UID = '0c4b8d1e-0000-4000-8000-00000000000A';

/** A report as far as the tests look. */
interface SeenReport {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly ownerReferences?: readonly object[] };
  readonly source?: string;
  readonly scope?: object;
  readonly summary: Readonly<Record<string, number>>;
  readonly results: readonly {
    readonly policy: string;
    readonly result: string;
    readonly severity: string;
    readonly message: string;
    readonly properties: Readonly<Record<string, string>>;
    readonly resources: readonly object[];
  }[];
}

/** A writer over a cluster in memory that has OpenReports, unless told otherwise. */
class Desk {
  readonly cluster = new VirtualCluster();
  readonly registry = new Registry();
  now = anAdmission().time;
  readonly writer: ReportWriter;

  constructor(
    choice: ReportChoice = 'auto',
    kinds = [KINDS.openReport] as readonly (typeof KINDS)['event' | 'openReport' | 'policyReport'][],
  ) {
    for (const kind of kinds) this.cluster.serve(kind);
    const api = this.cluster.api();
    const now = (): number => this.now;
    const metrics = new ClusterMetrics(this.registry);
    const sleep = (): Promise<void> => Promise.reject(new Error('nothing here waits'));
    this.writer = new ReportWriter({
      api,
      reportApi: new ReportApi(api, choice, now),
      patience: new PatientApi({ what: 'reports', metrics, logger: silentLogger, now, sleep }),
      now,
    });
  }

  async take(stream: DecisionStream, ...records: readonly DecisionRecord[]): Promise<void> {
    const batch = records.map((record, index) => ({ id: `1-0-${index}`, record }));
    await this.writer.take(stream, batch, AbortSignal.timeout(5000));
    await this.writer.flush(AbortSignal.timeout(5000), true);
  }

  get reports(): readonly SeenReport[] {
    return this.cluster
      .paths()
      .filter((path) => path.includes('reports/'))
      .map((path) => this.cluster.at(path) as unknown as SeenReport); // the test's own view of what it wrote
  }

  async results(): Promise<Record<string, number>> {
    const metric = await this.registry.getSingleMetric('connaisseur_policy_reports_total')?.get();
    return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [labels['result'], value]));
  }
}

function aWorkload(fields: Partial<DecisionRecord> = {}): DecisionRecord {
  return anAdmission({ phase: 'validate', kind: 'Deployment', name: 'api', objectUid: UID, ...fields });
}

test('a workload has one report, which goes with it', async () => {
  const desk = new Desk();
  await desk.take(
    'decisions',
    aWorkload({ images: [aDecidedImage(), aDecidedImage({ ground: 'static', image: 'b' })] }),
  );
  expect(desk.reports).toMatchObject([
    {
      kind: 'Report',
      source: 'connaisseur',
      metadata: {
        name: `connaisseur-${UID.toLowerCase()}`,
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'api', uid: UID }],
      },
      scope: { kind: 'Deployment', name: 'api', uid: UID },
      summary: { pass: 1, fail: 0, warn: 0, error: 0, skip: 1 },
      results: [
        { policy: 'ghcr.io/acme/*:*', rule: 'acme-cosign', result: 'pass', severity: 'info' },
        { result: 'skip' },
      ],
    },
  ]);
  // What changes nothing for us is not written, and what is older than the report neither.
  const requests = desk.cluster.requests.length;
  await desk.take(
    'decisions',
    aWorkload({ uid: 'again', images: [aDecidedImage(), aDecidedImage({ ground: 'static', image: 'b' })] }),
  );
  expect(desk.cluster.requests).toHaveLength(requests);
  await desk.take(
    'decisions',
    aWorkload({ time: aWorkload().time - 1, images: [aDecidedImage({ image: 'old' })] }),
  );
  expect(desk.reports[0]?.results).toHaveLength(2);
  await desk.take(
    'decisions',
    aWorkload({ time: aWorkload().time + 1, images: [aDecidedImage({ image: 'new' })] }),
  );
  expect(desk.reports[0]?.results).toHaveLength(1);
});

test.for<{ name: string; stream?: DecisionStream; record: DecisionRecord }>([
  { name: 'a dry run', record: aWorkload({ dryRun: true }) },
  { name: 'a dry run that is denied', stream: 'denials', record: aDenial({ dryRun: true }) },
  { name: 'what /validate will say again', record: aWorkload({ phase: 'mutate' }) },
  {
    name: 'the same, in detection mode',
    stream: 'denials',
    record: aDenial({ allowed: true, mode: 'detect' }),
  },
  {
    name: 'what a controller makes of a workload that has its report',
    record: aWorkload({ kind: 'ReplicaSet', owner: { kind: 'Deployment', name: 'api', uid: 'd' } }),
  },
  { name: 'a Scale', record: aWorkload({ kind: 'Scale', images: [] }) },
  { name: 'an exempt namespace', record: aWorkload({ mode: 'ignored', images: [] }) },
  { name: 'a denial on the stream of all decisions', record: aDenial() },
  { name: 'K27 a namespace that is a path', stream: 'denials', record: aDenial({ namespace: '../x' }) },
])('no report about $name', async ({ stream = 'decisions', record }) => {
  const desk = new Desk();
  await desk.take(stream, record);
  expect(desk.reports).toEqual([]);
});

test.for<{ name: string; record: DecisionRecord; found: object }>([
  { name: 'refused', record: aDenial(), found: { result: 'fail', severity: 'high' } },
  {
    name: 'unsigned',
    record: aDenial({ images: [aDecidedImage({ outcome: 'refused', code: 'CNS-1003' })] }),
    found: { result: 'fail', severity: 'medium' },
  },
  {
    name: 'not found out',
    record: aDenial({
      result: 'undecided',
      images: [aDecidedImage({ outcome: 'undecided', code: 'CNS-2001' })],
    }),
    found: { result: 'error', severity: 'low' },
  },
  {
    name: 'would have been refused',
    record: aDenial({ allowed: true, mode: 'detect', phase: 'validate' }),
    found: { result: 'warn', severity: 'high' },
  },
  {
    name: 'an object that could not be read',
    record: aDenial({ result: 'invalid', images: [], code: 'CNS-1010' }),
    found: { result: 'fail', policy: 'none', rule: 'none' },
  },
])('a result of what was $name', async ({ record, found }) => {
  const desk = new Desk();
  await desk.take('denials', record);
  expect(desk.reports).toMatchObject([{ metadata: { name: 'connaisseur-denied' }, results: [found] }]);
});

test('the report of denials has one result for each object and image, the newest, and at most a hundred', async () => {
  const desk = new Desk();
  const { time } = aDenial();
  const nth = (index: number, name = `app-${index}`): DecisionRecord =>
    aDenial({ uid: `u${index}`, name, time: time + index * 1000 });
  for (let index = 0; index < 8; index += 1) {
    await desk.take('denials', ...Array.from({ length: 16 }, (_, at) => nth(index * 16 + at)));
  }
  await desk.take('denials', nth(500, 'app-127'), nth(501, 'app-127'), nth(501, 'app-127'));
  const [report] = desk.reports;
  expect(report?.results).toHaveLength(100);
  expect(report?.summary['fail']).toBe(100);
  expect(report?.results.at(-1)?.properties['requestId']).toBe('u501');
  expect(
    report?.results.filter(({ resources }) => JSON.stringify(resources).includes('app-127"')),
  ).toHaveLength(1);
});

test.for<{
  name: string;
  choice: ReportChoice;
  kinds: readonly ('openReport' | 'policyReport')[];
  written: string[];
}>([
  { name: 'both are there', choice: 'auto', kinds: ['openReport', 'policyReport'], written: ['Report'] },
  { name: 'only the older one', choice: 'auto', kinds: ['policyReport'], written: ['PolicyReport'] },
  {
    name: 'one is asked for',
    choice: 'wgpolicyk8s',
    kinds: ['openReport', 'policyReport'],
    written: ['PolicyReport'],
  },
  {
    name: 'the one that is asked for is not there',
    choice: 'openreports',
    kinds: ['policyReport'],
    written: [],
  },
  { name: 'none', choice: 'auto', kinds: [], written: [] },
])('which API: $name', async ({ choice, kinds, written }) => {
  const desk = new Desk(
    choice,
    kinds.map((kind) => KINDS[kind]),
  );
  await desk.take('denials', aDenial());
  expect(desk.reports.map(({ kind }) => kind)).toEqual(written);
  expect(await desk.results()).toEqual({ [written.length > 0 ? 'written' : 'dropped']: 1 });
});

test('definitions come and go', async () => {
  const desk = new Desk('auto', []);
  await desk.take('denials', aDenial({ uid: 'a' }));
  desk.cluster.serve(KINDS.openReport);
  desk.now += 61_000;
  await desk.take('denials', aDenial({ uid: 'b' }));
  desk.cluster.withdraw(KINDS.openReport);
  await desk.take('denials', aDenial({ uid: 'c' }));
  expect(await desk.results()).toEqual({ dropped: 1, written: 1, failed: 1 });
  await desk.take('denials', aDenial({ uid: 'd' }));
  expect(await desk.results()).toEqual({ dropped: 2, written: 1, failed: 1 });
});

test('a flood of denials is one write in five seconds for its namespace, and none is lost', async () => {
  const desk = new Desk();
  const signal = AbortSignal.timeout(5000);
  const deny = async (name: string, namespace = 'shop'): Promise<void> =>
    await desk.writer.take('denials', [{ id: '1-0-0', record: aDenial({ name, namespace }) }], signal);
  const found = (): number[] => desk.reports.map(({ results }) => results.length);
  for (let index = 0; index < 20; index += 1) await deny(`app-${index}`);
  await deny('app', 'quiet');
  expect(found()).toEqual([1, 1]);
  await desk.writer.flush(signal, false);
  expect(found()).toEqual([1, 1]);
  desk.now += 5000;
  await desk.writer.flush(signal, false);
  expect(found()).toEqual([20, 1]);
  await deny('last');
  await desk.writer.flush(signal, true);
  expect(found()).toEqual([21, 1]);
});

test('what could not be written because of the end is written by the next attempt', async () => {
  const desk = new Desk();
  const ended = AbortSignal.abort();
  const batch = [{ id: '1-0-0', record: aDenial() }];
  await expect(desk.writer.take('denials', batch, ended)).rejects.toBe(ended.reason);
  expect(desk.reports).toEqual([]);
  await desk.writer.flush(AbortSignal.timeout(5000), true);
  expect(desk.reports).toHaveLength(1);
});

test('who writes at the same time loses nothing', async () => {
  const desk = new Desk();
  await desk.take('denials', aDenial());
  desk.cluster.fail({ method: 'PATCH', path: /reports/, status: 409, times: 2 });
  await desk.take('denials', aDenial({ name: 'other' }));
  expect(desk.reports[0]?.results).toHaveLength(2);
});

test('I6 P19: nothing in a report but printable text, and no password of a reference', async () => {
  const desk = new Desk();
  const image = 'user:hush@ghcr.io/a\u001b[2J\u202e';
  await desk.take(
    'denials',
    aDenial({ user: 'a\nb', images: [aDecidedImage({ outcome: 'refused', image })] }),
  );
  const text = JSON.stringify(desk.reports);
  expect(text).toMatch(/^[\x20-\x7e]+$/);
  expect(text).not.toContain('hush');
});
