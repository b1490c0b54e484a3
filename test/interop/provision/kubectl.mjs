import { SUITE, unpackedFrom } from './debian.mjs';

export const kubectl = {
  name: 'kubectl',
  version: SUITE,
  files: ['kubectl'],
  verb: 'unpacked',
  make: (place) => unpackedFrom('kubectl', ['kubectl'], place),
};
