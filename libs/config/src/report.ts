import { BrokenPaths } from './broken-paths.js';
import type { Finding } from './finding.js';
import { formatPath, type Path } from './path.js';

/** Every code that this lib gives; a policy's own lint codes come beside them. */
export type FindingCode =
  | 'auth'
  | 'certificate'
  | 'deprecated'
  | 'duplicate-key'
  | 'duplicate-name'
  | 'duplicate-section'
  | 'duplicate-trust'
  | 'empty-file'
  | 'empty-value'
  | 'environment'
  | 'exclusive'
  | 'format'
  | 'header'
  | 'missing-file'
  | 'no-effect'
  | 'not-enforced'
  | 'not-linted'
  | 'pattern'
  | 'public-key'
  | 'range'
  | 'required'
  | 'service-ends'
  | 'threshold'
  | 'too-deep'
  | 'too-large'
  | 'type'
  | 'unbuilt'
  | 'unknown-key'
  | 'unknown-trust-root'
  | 'unknown-type'
  | 'unknown-validator'
  | 'unreadable-file'
  | 'url'
  | 'value'
  | 'weakened'
  | 'yaml'
  | 'yaml-alias'
  | 'yaml-anchor'
  | 'yaml-directive'
  | 'yaml-merge'
  | 'yaml-number'
  | 'yaml-tag';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A text that knows where its parts are. */
export interface Places {
  readonly file: string;
  /** The part itself, or its nearest ancestor; `key` asks for the name and not for the value. */
  locate(path: Path, part: 'key' | 'value'): Position;
  has(path: Path): boolean;
}

/** Collects findings about one part of one file. Steps are relative to that part. */
export class Report {
  readonly #places: Places;
  readonly #findings: Finding[];
  readonly #base: Path;
  readonly #broken: BrokenPaths;

  constructor(places: Places, findings: Finding[], base: Path = [], broken = new BrokenPaths([])) {
    this.#places = places;
    this.#findings = findings;
    this.#base = base;
    this.#broken = broken;
  }

  /** The same report for what comes next: an error about something that is broken already would say nothing new. */
  withoutConsequences(): Report {
    const mine = this.#findings.filter(({ file }) => file === this.#places.file);
    const errors = mine.filter(({ severity }) => severity === 'error').map(({ path }) => path);
    return new Report(this.#places, this.#findings, this.#base, new BrokenPaths(errors));
  }

  /** The same report for a part of this part. */
  at(...steps: Path): Report {
    return new Report(this.#places, this.#findings, [...this.#base, ...steps], this.#broken);
  }

  /** True where the file says something there, even if it says nothing but a default. */
  has(...steps: Path): boolean {
    return this.#places.has([...this.#base, ...steps]);
  }

  error(code: FindingCode, message: string, steps: Path = [], part: 'key' | 'value' = 'value'): void {
    this.#add('error', code, message, steps, part);
  }

  /** The code is open here: a policy's lint has codes of its own. */
  warning(
    code: FindingCode | (string & {}),
    message: string,
    steps: Path = [],
    part: 'key' | 'value' = 'value',
  ): void {
    this.#add('warning', code, message, steps, part);
  }

  #add(
    severity: Finding['severity'],
    code: string,
    message: string,
    steps: Path,
    part: 'key' | 'value',
  ): void {
    const path = [...this.#base, ...steps];
    const name = formatPath(path);
    if (severity === 'error' && this.#broken.touch(name)) return;
    const place = this.#places.locate(path, part);
    this.#findings.push({ severity, code, file: this.#places.file, ...place, path: name, message });
  }
}
