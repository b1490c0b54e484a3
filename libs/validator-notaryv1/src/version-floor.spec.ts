import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  covers,
  firstSeen,
  formatFloor,
  maxFloor,
  parseFloor,
  type SeenVersion,
  type VersionFloor,
} from './version-floor.js';

const seen: fc.Arbitrary<SeenVersion> = fc.oneof(
  fc.record({ version: fc.nat(4) }),
  fc.record({ version: fc.nat(4), since: fc.nat(4) }),
);
const floor: fc.Arbitrary<VersionFloor> = fc.record({
  epoch: fc.nat(2),
  roles: fc
    .array(fc.tuple(fc.constantFrom('a', 'b', 'c'), seen), { maxLength: 3 })
    .map((all) => new Map(all)),
});

test('a floor reads as it was written, and one without times as it always did', () => {
  fc.assert(
    fc.property(floor, (one) => {
      expect(parseFloor(formatFloor(one))).toEqual(one);
      const old = { epoch: one.epoch, roles: [...one.roles].map(([role, { version }]) => [role, version]) };
      const roles = new Map([...one.roles].map(([role, { version }]) => [role, { version }]));
      expect(parseFloor(JSON.stringify(old))).toEqual({ epoch: one.epoch, roles });
    }),
  );
});

test('whatever text is a floor or none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      const read = parseFloor(text);
      if (read !== undefined) expect(parseFloor(formatFloor(read))).toEqual(read);
    }),
  );
});

test('T03: of two floors, whoever asks first, the larger version counts, and of equal ones the earlier time', () => {
  fc.assert(
    fc.property(floor, floor, (one, other) => {
      const both = maxFloor(one, other);
      expect(maxFloor(other, one)).toEqual(both);
      expect(covers(both, one) && covers(both, other)).toBe(true);
      expect(maxFloor(both, one)).toEqual(both);
    }),
  );
});

test.for([
  { name: 'the larger version', one: { version: 2, since: 9 }, other: { version: 1, since: 1 } },
  { name: 'the earlier time of one version', one: { version: 2, since: 1 }, other: { version: 2, since: 9 } },
  { name: 'a time where the other has none', one: { version: 2, since: 9 }, other: { version: 2 } },
])('T03: $name counts', ({ one, other }) => {
  const of = (role: SeenVersion): VersionFloor => ({ epoch: 0, roles: new Map([['r', role]]) });
  expect(maxFloor(of(other), of(one))).toEqual(of(one));
  expect(covers(of(one), of(other))).toBe(true);
  expect(covers(of(other), of(one))).toBe(false);
});

test.for([
  { name: 'of that version', version: 2, keys: 'k', since: 5 },
  { name: 'not of a later one', version: 3, keys: 'k', since: undefined },
  { name: 'not of the same one under other keys', version: 2, keys: 'other', since: undefined },
])('T03: the time of a version is $name', ({ version, keys, since }) => {
  const floor: VersionFloor = { epoch: 0, roles: new Map([['timestamp@k', { version: 2, since: 5 }]]) };
  expect(firstSeen({ role: 'timestamp', version, keys }, floor)).toBe(since);
});
