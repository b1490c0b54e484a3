import 'reflect-metadata';

import fc from 'fast-check';

// The same cases for everybody, so that a red run is about the change; `FC_SEED=random npm test` looks for new ones.
const { FC_SEED: seed = '20261121' } = process.env;
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) });
