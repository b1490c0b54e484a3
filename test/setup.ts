import 'reflect-metadata';

import { configureGlobal } from 'fast-check';

// The same cases for everybody, so that a red run is about the change; `FC_SEED=random npm test` looks for new ones.
const { FC_SEED: seed = '20261121' } = process.env;
if (seed !== 'random') configureGlobal({ seed: Number(seed) });
