import {
  CosignSigner,
  pushBundle,
  pushImage,
  pushLegacySignature,
  VirtualReceiver,
  VirtualRegistry,
} from '#testing';

/** A registry with three images, the key that the policy trusts, and a receiver for alerts. */
export interface DemoWorld {
  readonly images: { readonly signed: string; readonly foreign: string; readonly unsigned: string };
  readonly publicKey: string;
  readonly registryHost: string;
  readonly receiver: VirtualReceiver;
  close(): Promise<void>;
}

/** Builds the world on free ports of 127.0.0.1, with keys made now and forgotten at the end. */
export async function buildDemoWorld(): Promise<DemoWorld> {
  const registry = await VirtualRegistry.start();
  const receiver = await VirtualReceiver.start();
  const trusted = new CosignSigner('P-256');
  const stranger = new CosignSigner('P-256');
  const repository = (path: string): string => `${registry.host}/${path}`;

  const signed = await pushImage(registry.content, 'demo/signed', { tag: 'v1', content: 'signed' });
  await pushBundle(registry.content, 'demo/signed', signed, trusted.signBundle({ digest: signed.digest }));

  const foreign = await pushImage(registry.content, 'demo/foreign', { tag: 'v1', content: 'foreign' });
  const layer = stranger.signLegacy({ digest: foreign.digest, repository: repository('demo/foreign') });
  await pushLegacySignature(registry.content, 'demo/foreign', foreign.digest, [layer]);

  await pushImage(registry.content, 'demo/unsigned', { tag: 'v1', content: 'unsigned' });
  return {
    images: {
      signed: `${repository('demo/signed')}:v1`,
      foreign: `${repository('demo/foreign')}:v1`,
      unsigned: `${repository('demo/unsigned')}:v1`,
    },
    publicKey: trusted.key.publicKeyPem,
    registryHost: registry.host,
    receiver,
    close: async () => {
      await Promise.all([registry.stop(), receiver.close()]);
    },
  };
}

/** A values file for the world: one trusted key, one rule, alerts for denials. */
export function demoValues({ publicKey, registryHost, receiver }: DemoWorld): string {
  const pem = publicKey
    .trim()
    .split('\n')
    .map((line) => `            ${line}`)
    .join('\n');
  return `# Made by "npm start"; the same keys as in a Helm values file.
application:
  validators:
    - name: deny
      type: static
      approve: false
    - name: demo
      type: cosign
      trustRoots:
        - name: default
          key: |
${pem}
  policy:
    - pattern: "*:*"
      validator: deny
    - pattern: "${registryHost}/demo/*:*"
      validator: demo
      with:
        # The demo's key has no entry in a transparency log; leave this out for images signed with cosign's defaults.
        verifyInTransparencyLog: false
alerting:
  clusterIdentifier: demo
  admitRequest:
    receivers:
      - template: keybase
        receiverUrl: ${receiver.url}/keybase
  rejectRequest:
    receivers:
      - template: slack
        receiverUrl: ${receiver.url}/slack
      - template: opsgenie
        receiverUrl: ${receiver.url}/opsgenie
        priority: 3
        customHeaders: ["Authorization: GenieKey demo"]
`;
}
