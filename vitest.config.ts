import { defineConfig } from 'vitest/config';

// `ssr.resolve.conditions` is the setting that makes Vitest read `#lib` from its source.
const source = { ssr: { resolve: { conditions: ['source'] } } };

// Real processes with real deadlines, on a machine that others load too: what is wrong is wrong twice. The report names it.
const SECOND_TRY = process.env['CI'] === undefined ? 0 : 1;

export default defineConfig({
  ...source,
  test: {
    tags: [
      {
        name: 'thorough',
        description:
          'Many cases, big inputs, real threads, waiting: part of `npm test` and CI, left out of `npm run check`.',
      },
    ],
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          // One module graph for each worker: loading Nest and zod anew for each file costs more than all tests.
          isolate: false,
          pool: 'threads',
          include: ['{apps,libs,deploy}/**/*.spec.ts', 'test/*.spec.ts'],
          setupFiles: ['test/setup.ts'],
          // A shared, busy machine is no failure; what may not take long is measured in test/bench.
          testTimeout: 60_000,
        },
      },
      {
        ...source,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.spec.ts'],
          setupFiles: ['test/setup.ts'],
          retry: SECOND_TRY,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...source,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.spec.ts'],
          setupFiles: ['test/setup.ts'],
          retry: SECOND_TRY,
          // A control plane is four processes and a gigabyte: one file after the other.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        ...source,
        test: {
          name: 'chart',
          // Helm renders a set of values once for all files.
          isolate: false,
          pool: 'threads',
          include: ['test/chart/**/*.spec.ts'],
          setupFiles: ['test/setup.ts'],
          testTimeout: 60_000,
        },
      },
    ],
  },
});
