// Writes what of the chart is made from code: `node dist/deploy/chart/generate.js` (or `make chart`) after a change of the
// configuration's schema, of values.yaml or of an alert template. test/chart/generated.spec.ts says when it is due.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { parse } from 'yaml';

import { chartJsonSchema } from '#config';

/** A part of a JSON Schema, as far as the table reads it. */
interface SchemaPart {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly anyOf?: readonly SchemaPart[];
}

interface Row {
  readonly path: string;
  readonly fallback: string;
  readonly description: string;
}

/** Every generated file of the chart: its path in the checkout and its text. */
export function chartFiles(root: string): ReadonlyMap<string, string> {
  const schema = chartJsonSchema();
  const files = new Map<string, string>();
  files.set('deploy/chart/values.schema.json', `${JSON.stringify(schema, null, 2)}\n`);
  files.set('deploy/chart/README.md', readme(root, schema));
  for (const name of readdirSync(join(root, 'deploy/alert-templates')).toSorted()) {
    const text = readFileSync(join(root, 'deploy/alert-templates', name), 'utf8');
    files.set(`deploy/chart/files/alert-templates/${name}`, text);
  }
  return files;
}

function readme(root: string, schema: unknown): string {
  const values: unknown = parse(readFileSync(join(root, 'deploy/chart/values.yaml'), 'utf8'));
  // What zod made of our own schema.
  const rows = [...rowsOf(schema as SchemaPart, values, '')];
  const table = rows.map(
    ({ path, fallback, description }) =>
      `| \`${path}\` | ${fallback} | ${description.replaceAll('|', '\\|')} |`,
  );
  return `${HEAD}\n| value | default | meaning |\n| --- | --- | --- |\n${table.join('\n')}\n`;
}

/** One row for each leaf. What is below a list (validators, rules, receivers) is in docs/reference. */
function* rowsOf(schema: SchemaPart, value: unknown, path: string): Generator<Row> {
  for (const [key, part] of Object.entries(schema.properties ?? {})) {
    const here = path === '' ? key : `${path}.${key}`;
    const below = propertiesOf(part);
    const at = memberOf(value, key);
    if (below === undefined) yield { path: here, fallback: shown(at), description: part.description ?? '' };
    else yield* rowsOf(below, at, here);
  }
}

/** The part itself or the branch of a union that is a map. */
function propertiesOf(part: SchemaPart): SchemaPart | undefined {
  return [part, ...(part.anyOf ?? [])].find(({ properties }) => properties !== undefined);
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && key in value
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

const SHOWN = 60;

function shown(value: unknown): string {
  if (value === undefined) return '';
  const text = JSON.stringify(value);
  return text.length <= SHOWN ? `\`${text.replaceAll('|', '\\|')}\`` : 'see values.yaml';
}

const HEAD = `# Chart connaisseur

Install: [docs/how-to/install.md](../../docs/how-to/install.md). One release for each cluster, in a namespace of its own.

\`\`\`
helm install connaisseur deploy/chart --atomic --create-namespace --namespace connaisseur
\`\`\`

A values file of Connaisseur 3.x works as it is. Unknown keys are refused. The chart renders no key, no certificate and no
\`caBundle\`, looks nothing up and rolls no dice: two renders are the same bytes.

* \`connaisseur-prepare\` (a Job, before) makes keys and certificates and changes none that is there; \`connaisseur-arm\` (after)
  applies both webhook configurations once a gateway answers; \`connaisseur-disarm\` (before an uninstall) takes them away.
* In its namespace, which is not verified, only those run something who may patch the ValidatingAdmissionPolicy
  \`connaisseur-own-namespace\`; who installs the chart may.
* The configuration is watched: a change of \`application\` or \`alerting\` restarts no pod.
* This table is made from the schema: \`make chart\` after a change.
`;

/** Writes them, and takes away templates that ship no more. */
export function writeChartFiles(root: string): void {
  rmSync(join(root, 'deploy/chart/files/alert-templates'), { recursive: true, force: true });
  for (const [path, text] of chartFiles(root)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

if (import.meta.main) writeChartFiles(process.cwd());
