import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

import type { GatewayParts } from './gateway-parts.js';

/** Where the webhook listens once it does. */
export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Ties the webhook to Nest's lifecycle: it listens at the latest when the application is up, and it is the first to stop.
 * Nothing of Nest is loaded for it, so that it can listen before.
 */
export class WebhookLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #parts: GatewayParts;
  readonly #listen: ListeningAddress;
  #listening: Promise<ListeningAddress> | undefined;
  #closing: Promise<void> | undefined;
  #address: ListeningAddress | undefined;

  constructor(parts: GatewayParts, listen: ListeningAddress) {
    this.#parts = parts;
    this.#listen = listen;
  }

  /** Undefined until it listens. */
  get address(): ListeningAddress | undefined {
    return this.#address;
  }

  /** Listens; asked again, it goes on as it is. */
  listen(): Promise<ListeningAddress> {
    return (this.#listening ??= this.#open());
  }

  /** Finishes what is in flight, then closes what the gateway is made of; once. */
  close(): Promise<void> {
    this.#address = undefined;
    return (this.#closing ??= this.#parts.close());
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.listen();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.close();
  }

  async #open(): Promise<ListeningAddress> {
    const { address, port } = await this.#parts.server.listen(this.#listen.host, this.#listen.port);
    this.#address = { host: address, port };
    return this.#address;
  }
}
