import { alertVariables, type AlertVariables } from './alert-variables.js';
import { evaluateTemplate } from './evaluate-template.js';
import { textFilter } from './text-filter.js';
import type { Nodes, TemplateFault } from './template-tree.js';

/** Renders a text template with what alerts can look like; a result that is not a JSON object is a fault of the template. */
export function tryTemplate(nodes: Nodes): TemplateFault | undefined {
  for (const { name, variables } of SAMPLES) {
    const fault = tryOnce(nodes, name, variables);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function tryOnce(nodes: Nodes, name: string, variables: AlertVariables): TemplateFault | undefined {
  const rendered = evaluateTemplate(nodes, variables, textFilter('none'));
  try {
    const value: unknown = JSON.parse(rendered);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return undefined;
    return {
      severity: 'error',
      code: 'not-an-object',
      line: 1,
      column: 1,
      message: `expected a JSON object for ${name}`,
    };
  } catch (error) {
    // Node 24 ends the message with the place in the rendered text; without loops that is the place in the template.
    const [, line = '1', column = '1'] =
      /line (\d+) column (\d+)/.exec(error instanceof Error ? error.message : '') ?? [];
    const message = `expected JSON after rendering, got something else for ${name}; check commas and brackets`;
    return { severity: 'error', code: 'not-json', line: Number(line), column: Number(column), message };
  }
}

const HOSTILE = 'a "quoted" \\ line\nand the next';

const SAMPLES: readonly { readonly name: string; readonly variables: AlertVariables }[] = [0, 1, 3].flatMap(
  (count) =>
    [true, false].map((allowed) => ({
      name: `${allowed ? 'an admitted' : 'a rejected'} request with ${count} images`,
      variables: sampleVariables(count, allowed),
    })),
);

function sampleVariables(count: number, allowed: boolean): AlertVariables {
  const images = Array.from({ length: count }, (_, index) => ({
    image: `registry.example/app-${index}:1 ${HOSTILE}`,
    sites: [],
    outcome: allowed ? ('admitted' as const) : ('refused' as const),
    digest: `sha256:${String(index).repeat(64)}`,
  }));
  return alertVariables(
    {
      v: 1,
      uid: 'f8c8b687-f1b8-4ae5-9a9a-9a6f8c1f3b55',
      time: 0,
      cluster: 'cluster',
      gateway: 'gateway',
      phase: 'mutate',
      allowed,
      wouldDeny: !allowed,
      result: allowed ? 'admitted' : 'refused',
      mode: 'enforce',
      dryRun: false,
      operation: 'CREATE',
      kind: 'Pod',
      namespace: 'default',
      name: allowed ? '' : 'pod',
      ...(allowed ? {} : { code: 'CNS-1003', message: HOSTILE }),
      images,
      imageCount: count,
      tookMs: 1.5,
      revision: 'revision',
    },
    { clusterIdentifier: 'cluster', priority: 3 },
  );
}
