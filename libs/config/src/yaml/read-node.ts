import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml';

import type { FindingCode } from '../report.js';

import type { YamlNode } from './node.js';

export type Refuse = (code: FindingCode, offset: number, message: string) => void;

/**
 * The composed tree as plain data with places. Refuses what could make two readers disagree or a small text large:
 * aliases, anchors, tags, merge keys, repeated keys, numbers that would be rounded.
 */
export function readNode(node: unknown, refuse: Refuse, near: number): YamlNode {
  if (isAlias(node)) {
    const offset = node.range?.[0] ?? near;
    refuse('yaml-alias', offset, 'aliases ("*name") are not read here: write the value out');
    return { kind: 'scalar', offset, value: null };
  }
  if (isMap(node)) return readMap(node.items, offsetOf(node, refuse, near), refuse);
  if (isSeq(node)) {
    const offset = offsetOf(node, refuse, near);
    return { kind: 'list', offset, items: node.items.map((item) => readNode(item, refuse, offset)) };
  }
  if (isScalar(node)) return readScalar(node, offsetOf(node, refuse, near), refuse);
  return { kind: 'scalar', offset: near, value: null };
}

function readMap(pairs: readonly Pair[], offset: number, refuse: Refuse): YamlNode {
  const entries = new Map<string, { keyOffset: number; node: YamlNode }>();
  for (const { key, value } of pairs) {
    const keyOffset = isScalar(key) ? offsetOf(key, refuse, offset) : offset;
    const name = isScalar(key) ? String(key.value) : '';
    if (name === '<<') {
      refuse('yaml-merge', keyOffset, 'merge keys ("<<") are not read here: write the keys out');
    } else if (name === '__proto__') {
      refuse('unknown-key', keyOffset, 'unknown key "__proto__"');
    } else if (entries.has(name)) {
      refuse('duplicate-key', keyOffset, `key "${name}" is already in this map: keep one`);
    } else {
      entries.set(name, { keyOffset, node: readNode(value, refuse, keyOffset) });
    }
  }
  return { kind: 'map', offset, entries };
}

function readScalar(node: Scalar, offset: number, refuse: Refuse): YamlNode {
  const { value } = node;
  if (typeof value === 'number' && !isExact(value)) {
    refuse('yaml-number', offset, 'expected a number below 2^53: put it into quotes to keep it as text');
    return { kind: 'scalar', offset, value: null };
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return { kind: 'scalar', offset, value };
  }
  return { kind: 'scalar', offset, value: null };
}

function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

function offsetOf(node: Node & { anchor?: string; tag?: string }, refuse: Refuse, near: number): number {
  const offset = node.range?.[0] ?? near;
  if (node.anchor !== undefined)
    refuse('yaml-anchor', offset, 'anchors ("&name") are not read here: remove it');
  if (node.tag !== undefined) refuse('yaml-tag', offset, 'tags ("!name") are not read here: remove it');
  return offset;
}
