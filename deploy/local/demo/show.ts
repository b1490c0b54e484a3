import { styleText } from 'node:util';

interface AdmissionAnswer {
  readonly response: {
    readonly allowed: boolean;
    readonly status?: { readonly message?: string };
    readonly patch?: string;
    readonly warnings?: readonly string[];
  };
}

/** An answer as a person wants to read it: the verdict, what kubectl would print, what was pinned. */
export function formatAnswer(image: string, answer: AdmissionAnswer): string {
  const { allowed, status, patch, warnings } = answer.response;
  const lines = [`$ kubectl run --image=${image}`];
  if (allowed) {
    lines.push(styleText('green', 'pod/demo created'));
    for (const { op, path, value } of operations(patch)) {
      if (op === 'replace') lines.push(styleText('dim', `  pinned: ${path} = ${value}`));
    }
  } else {
    lines.push(
      styleText(
        'red',
        'Error from server: admission webhook "connaisseur-svc.connaisseur.svc" denied the request:',
      ),
      ...(status?.message ?? '').split('\n').map((line) => styleText('red', line)),
    );
  }
  lines.push(...(warnings ?? []).map((warning) => styleText('yellow', `Warning: ${warning}`)));
  return lines.join('\n');
}

/** An alert as its receiver shows it, as far as text can. */
export function formatAlert(path: string, body: string): string {
  const payload = JSON.parse(body) as Record<string, unknown>;
  const text = [payload['text'], payload['message'], payload['msg']].find(
    (value) => typeof value === 'string',
  );
  return `${styleText(['magenta', 'bold'], `alert ${path}`)}  ${String(text ?? body).split('\n')[0] ?? ''}`;
}

function operations(patch: string | undefined): { op: string; path: string; value: string }[] {
  if (patch === undefined) return [];
  return JSON.parse(Buffer.from(patch, 'base64').toString()) as { op: string; path: string; value: string }[];
}
