/** One line of a Dockerfile after its base. */
export type Instruction =
  | {
      readonly kind: 'copy';
      readonly from: string | undefined;
      readonly owner: string | undefined;
      readonly sources: readonly string[];
      readonly target: string;
    }
  | { readonly kind: 'shell'; readonly command: string }
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  | { readonly kind: 'workdir' | 'user'; readonly value: string }
  | { readonly kind: 'env'; readonly name: string; readonly value: string };

export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/** The stages of our Dockerfile; throws at an instruction that it does not know, so that nothing is left out unnoticed. */
export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const starts = lines.flatMap((line, index) => (line.startsWith('FROM ') ? [index] : []));
  return starts.map((start, index) => stageOf(lines.slice(start, starts[index + 1])));
}

function stageOf([from = '', ...lines]: readonly string[]): Stage {
  const [, base = '', name] = /^FROM (\S+)(?: AS (\S+))?$/.exec(from) ?? [];
  const last = (word: string): readonly string[] =>
    listOf(lines.findLast((line) => line.startsWith(`${word} `))?.slice(word.length + 1) ?? '[]');
  const rest = lines.filter((line) => !/^(?:ENTRYPOINT|CMD) /.test(line));
  return {
    base,
    name,
    instructions: rest.map((line) => instructionOf(line)),
    entrypoint: last('ENTRYPOINT'),
    command: last('CMD'),
  };
}

function instructionOf(line: string): Instruction {
  const [word = '', ...parts] = line.trim().split(/\s+/);
  const value = line.slice(word.length + 1).trim();
  switch (word) {
    case 'COPY': {
      const paths = parts.filter((part) => !part.startsWith('--'));
      const option = (name: string): string | undefined =>
        parts.find((part) => part.startsWith(`--${name}=`))?.slice(name.length + 3);
      return {
        kind: 'copy',
        from: option('from'),
        owner: option('chown'),
        sources: paths.slice(0, -1),
        target: paths.at(-1) ?? '',
      };
    }
    case 'RUN':
      return value.startsWith('[')
        ? { kind: 'exec', command: listOf(value) }
        : { kind: 'shell', command: value };
    case 'WORKDIR':
      return { kind: 'workdir', value };
    case 'USER':
      return { kind: 'user', value };
    case 'ENV': {
      const [name = '', ...given] = value.split('=');
      return { kind: 'env', name, value: given.join('=') };
    }
    default:
      throw new Error(`expected an instruction that the rehearsal knows, got ${line}`);
  }
}

function listOf(text: string): readonly string[] {
  // The exec form is a JSON list of words.
  return JSON.parse(text) as string[];
}
