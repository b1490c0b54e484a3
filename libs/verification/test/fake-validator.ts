import { generateKeyPairSync } from 'node:crypto';

import { type Configuration, loadConfiguration } from '#config';
import type { ImageReference } from '#image-ref';
import {
  type CheckContext,
  type Proof,
  type RuleCheck,
  type RuleOptions,
  Validator,
  ValidatorSetupError,
} from '#validator';

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

/** A configuration with a cosign validator `team`, a static one `deny`, and one that is not built, `old`. */
export function configurationOf(
  options: { features?: string; auth?: string; policy?: string } = {},
): Configuration {
  const text = `validators:
  - name: deny
    type: static
    approve: false
  - name: team
    type: cosign
${options.auth ?? ''}
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
  - pattern: "*:*"
    validator: deny
  - pattern: "old.example/*:*"
    validator: old
  - pattern: "ghcr.io/acme/*:*"
    validator: team
${options.policy ?? ''}
${options.features ?? ''}`;
  return loadConfiguration({ file: { name: 'config.yaml', text } });
}

type Answer = Proof | Error | ((image: ImageReference, context: CheckContext) => Promise<Proof>);

/** A validator that says what it is told to say. */
export class FakeValidator extends Validator {
  override readonly name = 'team';
  override readonly type = 'cosign';
  asked = 0;
  readonly #answer: () => Answer;
  readonly #check: { ground: RuleCheck['ground']; readsTag: boolean };

  constructor(
    answer: Answer | (() => Answer),
    check: Partial<{ ground: RuleCheck['ground']; readsTag: boolean }> = {},
  ) {
    super();
    this.#answer =
      typeof answer === 'function' && answer.length === 0 ? (answer as () => Answer) : () => answer as Answer;
    this.#check = { ground: 'verified', readsTag: false, ...check };
  }

  override bind(_options: RuleOptions): RuleCheck {
    return {
      ...this.#check,
      check: async (image, context) => {
        this.asked += 1;
        const answer = this.#answer();
        if (answer instanceof Error) throw answer;
        return typeof answer === 'function' ? await answer(image, context) : answer;
      },
    };
  }
}

/** A validator that cannot do what any rule asks. */
export class UnableValidator extends FakeValidator {
  readonly #error: Error;

  constructor(error: Error = new ValidatorSetupError('it cannot do that')) {
    super(new Error('not asked'));
    this.#error = error;
  }

  override bind(): RuleCheck {
    throw this.#error;
  }
}
