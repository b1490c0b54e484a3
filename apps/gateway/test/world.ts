import { generateKeyPairSync } from 'node:crypto';

import { type Configuration, loadConfiguration } from '#config';
import type { ImageReference } from '#image-ref';
import { type CheckContext, type Proof, type RuleCheck, Validator } from '#validator';
import { VerificationEngine } from '#verification';

import { Revision } from '../src/revision.js';

/** Any certificate: the validator that has it is not built. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
          MIIBdTCCARugAwIBAgIUBKLmNdHsBCuGlibr4jjEURbC9LYwCgYIKoZIzj0EAwIw
          DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjEwNzAxNTBaGA8yMTI2MTAyODA3MDE1
          MFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCQ+
          vGG9COdDxVVp5CUaKGeXk5ETOPfK656vqjALE8r9DmcZ5TS33wTki/4g0trAyk9u
          kzNRVJ3NDwIq5jIYrFKjUzBRMB0GA1UdDgQWBBS3bIOnjhxW2eb2JdSw9x5EL4M2
          BDAfBgNVHSMEGDAWgBS3bIOnjhxW2eb2JdSw9x5EL4M2BDAPBgNVHRMBAf8EBTAD
          AQH/MAoGCCqGSM49BAMCA0gAMEUCIEuqr6mw/I7u+zgWoFDf8FB6IQR7j8I+SOR/
          /S1wT2OEAiEAzJXPRXF41amqEu3+sls8dJolbGxpSQAUVEL2gW60AF4=
          -----END CERTIFICATE-----`;

const PEM = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString()
  .trim()
  .replaceAll('\n', '\n          ');

export interface ConfigurationParts {
  /** Lines of `features:`, in braces. */
  readonly features?: string;
  /** The document of alerts. */
  readonly alerts?: string;
  /** More rules. */
  readonly policy?: string;
}

/** Everything under `registry.example.org` and Docker Hub wants `team`; `allow.example` is let in, `old.example` cannot be. */
export function configurationOf({
  features = '{}',
  alerts,
  policy = '',
}: ConfigurationParts = {}): Configuration {
  const text = `validators:
  - { name: deny, type: static, approve: false }
  - { name: allow, type: static, approve: true }
  - name: team
    type: cosign
    trustRoots:
      - name: default
        key: |
          ${PEM}
  - name: old
    type: notation
    trustRoots:
      - name: default
        cert: |
          ${CERTIFICATE}
policy:
  - { pattern: "deny.example/*:*", validator: deny }
  - { pattern: "allow.example/*:*", validator: allow }
  - { pattern: "old.example/*:*", validator: old }
  - { pattern: "docker.io/*:*", validator: team }
  - { pattern: "registry.example.org/*:*", validator: team }
  - { pattern: "registry.example.org:5000/*:*", validator: team }
${policy}
features: ${features}
`;
  return loadConfiguration({
    file: { name: 'config.yaml', text },
    ...(alerts === undefined ? {} : { alerts: { name: 'alerts.yaml', text: alerts } }),
  });
}

type Check = (image: ImageReference, context: CheckContext) => Promise<Proof>;

class FakeValidator extends Validator {
  override readonly name: string;
  override readonly type: Validator['type'];
  readonly #check: RuleCheck;

  constructor(name: string, type: Validator['type'], check: RuleCheck) {
    super();
    this.name = name;
    this.type = type;
    this.#check = check;
  }

  override bind(): RuleCheck {
    return this.#check;
  }
}

/** A revision whose validator `team` is this function; `allow` lets in and `deny` is not there, which denies. */
export function revisionOf(check: Check, parts: ConfigurationParts = {}): Revision {
  const team = { ground: 'verified', readsTag: false, check } as const;
  const allow = {
    ground: 'static',
    readsTag: false,
    check: async (image: ImageReference) => ({ digest: image.digest }),
  } as const;
  const validators = new Map<string, Validator>([
    ['team', new FakeValidator('team', 'cosign', team)],
    ['allow', new FakeValidator('allow', 'static', allow)],
  ]);
  const engine = new VerificationEngine(
    configurationOf(parts),
    { validators, credentialScopes: [] },
    { clock: () => new Date(), onFault: () => undefined },
  );
  return new Revision(engine);
}
