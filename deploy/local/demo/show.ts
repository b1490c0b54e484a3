import { styleText } from 'node:util';

/** What is read of an AdmissionReview's answer. */
export interface AdmissionAnswer {
  readonly response: {
    readonly allowed: boolean;
    readonly status?: { readonly message?: string };
    readonly patch?: string;
    readonly warnings?: readonly string[];
  };
}

export function heading(text: string): string {
  return styleText('bold', text);
}

/** An answer as a person wants to read it: the verdict, what kubectl would print, what was pinned. */
export function formatAnswer(name: string, image: string, answer: AdmissionAnswer): string {
  const { allowed, status, patch, warnings } = answer.response;
  const lines = [`$ kubectl run ${name} --image=${image}`];
  lines.push(...(warnings ?? []).map((warning) => styleText('yellow', `Warning: ${warning}`)));
  if (allowed) {
    lines.push(styleText('green', `pod/${name} created`));
    for (const { op, path, value } of operations(patch)) {
      if (op === 'replace') lines.push(styleText('dim', `  pinned by the webhook: ${path} = ${value}`));
    }
  } else {
    const denied =
      'Error from server: admission webhook "connaisseur-svc.connaisseur.svc" denied the request:';
    lines.push(...[denied, ...(status?.message ?? '').split('\n')].map((line) => styleText('red', line)));
  }
  return lines.join('\n');
}

/** An alert as its receiver shows it, as far as text can. */
export function formatAlert(path: string, body: string): string {
  const payload = JSON.parse(body) as Record<string, unknown>;
  const text = [payload['text'], payload['message'], payload['msg']].find(
    (value) => typeof value === 'string',
  );
  const line = (text ?? body).split('\n')[0] ?? '';
  return `  ${styleText('magenta', `to ${path.slice(1)}`.padEnd(12))}  ${line}`;
}

export interface NextSteps {
  readonly program: string;
  readonly images: { readonly signed: string; readonly foreign: string };
  readonly running: {
    readonly url: string;
    readonly caFile: string | undefined;
    readonly redisUrl: string;
    readonly keysDirectory: string;
    readonly cluster: string;
  };
  readonly policy: string;
  readonly directory: string;
}

/** What to type next, ready to be copied. */
export function nextSteps({ program, images, running, policy, directory }: NextSteps): string {
  const { url, caFile, redisUrl, keysDirectory, cluster } = running;
  const steps = [
    ['judge an image without the webhook', `${program} verify ${images.signed} -p ${policy}`],
    ['why is it denied, and which rule decides', `${program} explain ${images.foreign} -p ${policy}`],
    [
      'decisions as they are made',
      `${program} watch --redis-url ${redisUrl} --keys ${keysDirectory} --cluster-id ${cluster}`,
    ],
    [
      'post a review yourself (signed.json, foreign.json, unsigned.json)',
      `curl --cacert ${caFile ?? ''} -H 'Content-Type: application/json' -d @${directory}/unsigned.json '${url}/mutate?timeout=10s'`,
    ],
    ['change the policy: edit and save it, the next answer follows', `${program} lint ${policy}`],
  ];
  const lines = steps.map(([what, command]) => `  ${styleText('dim', `# ${what}`)}\n  ${command}`);
  return `${heading('It stays up. Try next, in another terminal (Ctrl-C here ends everything):')}\n${lines.join('\n')}\n`;
}

function operations(patch: string | undefined): { op: string; path: string; value: string }[] {
  if (patch === undefined) return [];
  return JSON.parse(Buffer.from(patch, 'base64').toString()) as { op: string; path: string; value: string }[];
}
