import { SUITE, unpackedFrom } from './debian.mjs';

/** Debian 12 has 3.4, which knows no watch progress. */
export const etcd = {
  name: 'etcd',
  version: SUITE,
  files: ['etcd'],
  verb: 'unpacked',
  make: (place) => unpackedFrom('etcd-server', ['etcd'], place),
};
