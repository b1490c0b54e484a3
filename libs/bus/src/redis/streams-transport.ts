import type { StreamsClient } from './streams-client.js';
import type { StreamsServer } from './streams-server.js';

/** Both ends of the Streams transport, for Nest. */
export interface StreamsTransport {
  readonly StreamsClient: typeof StreamsClient;
  readonly StreamsServer: typeof StreamsServer;
}

/** Loads what Nest needs; apart, because a gateway that asks does without it and must not wait for it when it starts. */
export async function loadStreamsTransport(): Promise<StreamsTransport> {
  const [client, server] = await Promise.all([import('./streams-client.js'), import('./streams-server.js')]);
  return { StreamsClient: client.StreamsClient, StreamsServer: server.StreamsServer };
}
