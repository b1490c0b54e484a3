// The floor: a bare node:https server that parses the same review and answers with a patch of the same shape.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

interface Review {
  readonly request: {
    readonly uid: string;
    readonly object: {
      readonly spec: {
        readonly containers?: readonly { readonly image: string }[];
        readonly template?: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
      };
    };
  };
}

const DIGESTS = new Map<string, string>();
const [certs = ''] = process.argv.slice(2);
const server = createServer(
  {
    cert: readFileSync(join(certs, 'tls.crt')),
    key: readFileSync(join(certs, 'tls.key')),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    keepAliveTimeout: 110_000,
    noDelay: true,
  },
  (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = answer(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Review);
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
      });
      response.end(body);
    });
  },
);
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit(0));

function answer({ request }: Review): string {
  const { spec } = request.object;
  const place = spec.template === undefined ? '/spec' : '/spec/template/spec';
  const containers = spec.template?.spec.containers ?? spec.containers ?? [];
  const patch = containers.flatMap(({ image }, index) => {
    const path = `${place}/containers/${index}/image`;
    const digest = DIGESTS.get(image) ?? `sha256:${'a'.repeat(64)}`;
    return [
      { op: 'test', path, value: image },
      { op: 'replace', path, value: `${image}@${digest}` },
    ];
  });
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid: request.uid,
      allowed: true,
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    },
  });
}
