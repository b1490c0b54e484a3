import type { HttpAnswer, HttpRequest, HttpTransport } from './http-transport.js';
import { REGISTRY_LIMITS } from './limits.js';

/** Which bound of one verification was passed. */
export type BudgetLimit = 'verificationRequestsCount' | 'verificationBytes';

/** One verification has cost what one may. */
export class BudgetSpentError extends Error {
  override readonly name = 'BudgetSpentError';
  readonly limit: BudgetLimit;

  constructor(limit: BudgetLimit) {
    super(`expected at most ${SENTENCES[limit]} for one verification`);
    this.limit = limit;
  }
}

const SENTENCES: Readonly<Record<BudgetLimit, string>> = {
  verificationRequestsCount: `${REGISTRY_LIMITS.verificationRequestsCount} requests`,
  verificationBytes: `${REGISTRY_LIMITS.verificationBytes / 1024 / 1024} MiB`,
};

/**
 * What one verification may cost, whatever a registry answers: requests, tokens and repetitions included, and bytes as they
 * arrive, of bodies that are of no use too. It goes with one verification and is not used again.
 */
export class VerificationBudget {
  #requests = 0;
  #bytes = 0;

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws BudgetSpentError where a request more would be one too many. */
  takeRequest(): void {
    if (this.#requests >= REGISTRY_LIMITS.verificationRequestsCount) {
      throw new BudgetSpentError('verificationRequestsCount');
    }
    this.#requests += 1;
  }

  /** Throws BudgetSpentError where these bytes are too many. */
  takeBytes(count: number): void {
    this.#bytes += count;
    if (this.#bytes > REGISTRY_LIMITS.verificationBytes) throw new BudgetSpentError('verificationBytes');
  }
}

/** A transport that pays from a budget for each request and each byte of the answers. */
export class BudgetedTransport implements HttpTransport {
  readonly #transport: HttpTransport;
  readonly #budget: VerificationBudget;

  constructor(transport: HttpTransport, budget: VerificationBudget) {
    this.#transport = transport;
    this.#budget = budget;
  }

  /** As the transport; throws BudgetSpentError too, and sends nothing more then. */
  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    this.#budget.takeRequest();
    // Bytes that came at the same time may have spent it.
    this.#budget.takeBytes(0);
    return await this.#transport.request(
      { ...request, onBytes: (count) => this.#budget.takeBytes(count) },
      signal,
    );
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }
}
