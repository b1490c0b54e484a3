import { connect, type TLSSocket } from 'node:tls';

export interface Reply {
  readonly status: number;
  readonly body: string;
  /** From the first byte sent to the last byte received. */
  readonly ms: number;
}

/** One keep-alive connection to a webhook, with one request at a time, as cheap as a client in Node can be. */
export class Connection {
  readonly #socket: TLSSocket;
  #settle: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined;
  #started = 0;
  #received = '';

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (data: string) => this.#receive(data));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    return new Connection(socket);
  }

  static async openMany(port: number, count: number): Promise<Connection[]> {
    const opened: Connection[] = [];
    while (opened.length < count) {
      const more = Math.min(25, count - opened.length);
      opened.push(...(await Promise.all(Array.from({ length: more }, () => Connection.open(port)))));
    }
    return opened;
  }

  post(path: string, body: Buffer): Promise<Reply> {
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#received = '';
      this.#started = performance.now();
      this.#socket.write(Buffer.concat([Buffer.from(head), body]));
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #receive(data: string): void {
    this.#received += data;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received.slice(0, headEnd))?.[1] ?? 0);
    if (this.#received.length < headEnd + 4 + length) return;
    const status = Number(this.#received.slice(9, 12));
    const body = this.#received.slice(headEnd + 4);
    this.#settle?.resolve({ status, body, ms: performance.now() - this.#started });
    this.#settle = undefined;
  }

  #fail(error: Error): void {
    this.#settle?.reject(error);
    this.#settle = undefined;
  }
}
