import type { ConfigurationSource } from './configuration-source.js';
import type { Finding } from './finding.js';
import type { Path } from './path.js';
import { Report } from './report.js';
import { AlertingSchema } from './schema/alerting.js';
import { check } from './schema/check.js';
import { valueAt } from './schema/data.js';
import { RenderedSchema, ValuesSchema } from './schema/values.js';
import type { YamlDocument } from './yaml/document.js';
import { parseYaml } from './yaml/document.js';
import { toData } from './yaml/node.js';

/** A part of the configuration as plain data, and the report that knows where it stands. */
export interface Section {
  readonly value: unknown;
  readonly report: Report;
}

export type SectionName = (typeof APPLICATION_SECTIONS)[number] | 'alerting';

const APPLICATION_SECTIONS = [
  'validators',
  'policy',
  'features',
  'registries',
  'logLevel',
  'logFormat',
] as const;

/** What is below these keys belongs to somebody else, or means what it says: a null there is a value. */
const OPAQUE: ReadonlySet<string | number> = new Set(['kubernetes', 'global', 'payloadFields']);

/**
 * Every section of the source, whatever the layout: the chart's values, or the documents that the chart mounts. All
 * issues of YAML and schema are in `findings` then; a section with issues is still there for the checks that follow.
 */
export function readSections(
  source: ConfigurationSource,
  findings: Finding[],
): ReadonlyMap<SectionName, Section> {
  const sections = new Map<SectionName, Section>();
  const document = parseYaml(source.file, findings);
  if (document !== undefined) addDocument(document, findings, sections);
  if (source.alerts !== undefined) {
    const alerts = parseYaml(source.alerts, findings);
    if (alerts !== undefined) addAlerts(alerts, findings, sections);
  }
  return sections;
}

type Sections = Map<SectionName, Section>;

function addDocument(document: YamlDocument, findings: Finding[], sections: Sections): void {
  const report = new Report(document, findings);
  const isValues = report.has('application') || !(report.has('validators') || report.has('policy'));
  const value = withoutNulls(toData(document.root), [], report);
  check(isValues ? ValuesSchema : RenderedSchema, value, report);
  const rest = report.withoutConsequences();
  const base: Path = isValues ? ['application'] : [];
  for (const name of APPLICATION_SECTIONS) addSection(name, value, [...base, name], rest, sections);
  addSection('alerting', value, ['alerting'], rest, sections);
}

function addAlerts(document: YamlDocument, findings: Finding[], sections: Sections): void {
  const report = new Report(document, findings);
  const value = withoutNulls(toData(document.root), [], report);
  check(AlertingSchema, value, report);
  const given = sections.get('alerting');
  if (given !== undefined) {
    given.report.warning('duplicate-section', `not used: ${document.file} has the alerts`, [], 'key');
  }
  sections.set('alerting', { value, report: report.withoutConsequences() });
}

function addSection(name: SectionName, root: unknown, path: Path, report: Report, sections: Sections): void {
  const value = valueAt(root, path);
  if (value !== undefined) sections.set(name, { value, report: report.at(...path) });
}

/** A key without a value counts as not given, as it does for Helm; that is said, because it may be an accident. */
function withoutNulls(value: unknown, path: Path, report: Report): unknown {
  if (Array.isArray(value)) return value.map((item, index) => withoutNulls(item, [...path, index], report));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).flatMap(([key, part]): [string, unknown][] => {
    const here = [...path, key];
    if (part === null) {
      report.warning('empty-value', `"${key}" has no value: it counts as not given`, here, 'key');
      return [];
    }
    return [[key, OPAQUE.has(key) ? part : withoutNulls(part, here, report)]];
  });
  return Object.fromEntries(kept);
}
