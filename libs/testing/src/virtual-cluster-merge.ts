/** JSON as the virtual cluster keeps it. */
export type Json = { [field: string]: unknown };

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJson(patch)) return patch;
  const merged: Json = isJson(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** RFC 6902: add, replace, remove and test. Undefined where a step does not fit. */
export function jsonPatch(target: Json, steps: readonly Json[]): Json | undefined {
  const result = structuredClone(target);
  for (const step of steps) if (!applyStep(result, step)) return undefined;
  return result;
}

/**
 * Server-side apply, as far as we use it: maps merge, lists of `webhooks` merge by name, other lists are atomic; what the
 * same manager applied before and no longer names is gone.
 */
export function applyManifest(live: Json, manifest: Json, before: Json | undefined): Json {
  return mergeOwned(before === undefined ? live : without(live, before, manifest), manifest);
}

function mergeOwned(live: Json, manifest: Json): Json {
  const merged: Json = { ...live };
  for (const [key, value] of Object.entries(manifest)) {
    const old = merged[key];
    if (isJson(value)) merged[key] = mergeOwned(isJson(old) ? old : {}, value);
    else if (key === 'webhooks' && Array.isArray(value) && Array.isArray(old)) {
      const added = value.filter(isJson);
      const kept = old.filter(isJson).map((item) => mergeOwned(item, added.find(named(item)) ?? {}));
      merged[key] = [...kept, ...added.filter((item) => !kept.some(named(item)))];
    } else merged[key] = value;
  }
  return merged;
}

/** Without the fields that `before` names and `manifest` does not. */
function without(live: Json, before: Json, manifest: Json): Json {
  const rest: Json = { ...live };
  for (const [key, value] of Object.entries(before)) {
    const [now, old] = [manifest[key], rest[key]];
    if (now === undefined) delete rest[key];
    else if (isJson(value) && isJson(now) && isJson(old)) rest[key] = without(old, value, now);
    else if (key === 'webhooks' && Array.isArray(value) && Array.isArray(now) && Array.isArray(old)) {
      rest[key] = old.filter(isJson).flatMap((item) => {
        const [was, is] = [value.filter(isJson).find(named(item)), now.filter(isJson).find(named(item))];
        if (was === undefined) return [item];
        return is === undefined ? [] : [without(item, was, is)];
      });
    }
  }
  return rest;
}

function named(item: Json): (other: Json) => boolean {
  return (other) => other['name'] === item['name'];
}

function applyStep(root: Json, step: Json): boolean {
  const keys = String(step['path'])
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop() ?? '';
  let place: unknown = root;
  for (const key of keys) place = isJson(place) || Array.isArray(place) ? (place as Json)[key] : undefined;
  if (Array.isArray(place)) {
    const index = last === '-' ? place.length : Number(last);
    if (step['op'] === 'test') return JSON.stringify(place[index]) === JSON.stringify(step['value']);
    if (step['op'] === 'add') place.splice(index, 0, step['value']);
    else if (step['op'] === 'remove') place.splice(index, 1);
    else place[index] = step['value'];
    return true;
  }
  if (!isJson(place)) return false;
  if (step['op'] === 'test') return JSON.stringify(place[last]) === JSON.stringify(step['value']);
  if (step['op'] === 'remove') return delete place[last];
  place[last] = step['value'];
  return true;
}
