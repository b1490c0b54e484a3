import type { Path } from '../path.js';

/** A document as plain data with places. Keys are a Map: a file may call a key anything. */
export type YamlNode =
  | {
      readonly kind: 'map';
      readonly offset: number;
      readonly entries: ReadonlyMap<string, { readonly keyOffset: number; readonly node: YamlNode }>;
    }
  | { readonly kind: 'list'; readonly offset: number; readonly items: readonly YamlNode[] }
  | { readonly kind: 'scalar'; readonly offset: number; readonly value: string | number | boolean | null };

/** The node at a path and the key that leads to it; undefined where the document has nothing there. */
export function nodeAt(
  root: YamlNode,
  path: Path,
): { readonly node: YamlNode; readonly keyOffset: number | undefined } | undefined {
  let node = root;
  let keyOffset: number | undefined;
  for (const step of path) {
    if (node.kind === 'map') {
      const entry = node.entries.get(String(step));
      if (entry === undefined) return undefined;
      ({ node, keyOffset } = entry);
    } else {
      const item = node.kind === 'list' && typeof step === 'number' ? node.items[step] : undefined;
      if (item === undefined) return undefined;
      node = item;
      keyOffset = undefined;
    }
  }
  return { node, keyOffset };
}

/** The node as plain JSON data. The reader has refused `__proto__`, so a plain object is safe here. */
export function toData(node: YamlNode): unknown {
  switch (node.kind) {
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toData(entry.node)]));
    case 'list':
      return node.items.map(toData);
    case 'scalar':
      return node.value;
  }
}
