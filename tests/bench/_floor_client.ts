/**
 * A client of the least that passes lines on.
 *
 * @module
 */

/** One client of the floor: what is queued while a write is under way goes out as one. */
export class FloorClient {
  readonly conn: Deno.TcpConn;
  #queue = new Uint8Array(65536);
  #spare = new Uint8Array(65536);
  #queued = 0;
  #isWriting = false;

  constructor(conn: Deno.TcpConn) {
    this.conn = conn;
  }

  send(bytes: Uint8Array): void {
    const needed = this.#queued + bytes.length;
    if (needed > this.#queue.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#queue.length));
      larger.set(this.#queue.subarray(0, this.#queued));
      this.#queue = larger;
    }
    this.#queue.set(bytes, this.#queued);
    this.#queued = needed;
    if (!this.#isWriting) this.#write().catch(() => {});
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#queued > 0) {
      const writing = this.#queue;
      let bytes = writing.subarray(0, this.#queued);
      this.#queue = this.#spare;
      this.#queued = 0;
      while (bytes.length > 0) bytes = bytes.subarray(await this.conn.write(bytes));
      this.#spare = writing;
    }
    this.#isWriting = false;
  }
}

/** A floor that listens, and who is connected to it. */
export interface FloorServer {
  readonly port: number;
  readonly clients: ReadonlySet<FloorClient>;
}

/** Reads whole lines from everybody: `passOn` is given those of one read, whose bytes it must not keep. */
export function serveFloor(
  address: { readonly hostname: string; readonly port: number },
  passOn: (lines: Uint8Array, from: FloorClient, clients: ReadonlySet<FloorClient>) => void,
): FloorServer {
  const listener = Deno.listen(address);
  const clients = new Set<FloorClient>();
  const serve = async (client: FloorClient) => {
    const buffer = new Uint8Array(65536);
    let kept = 0;
    for (let count; (count = await client.conn.read(buffer.subarray(kept))) !== null;) {
      const end = kept + count;
      const whole = buffer.subarray(0, end).lastIndexOf(10) + 1;
      if (whole > 0) passOn(buffer.subarray(0, whole), client, clients);
      buffer.copyWithin(0, whole, end);
      kept = end - whole;
    }
  };
  const accept = async () => {
    for await (const conn of listener) {
      conn.setNoDelay(true);
      const client = new FloorClient(conn);
      clients.add(client);
      serve(client).catch(() => {}).finally(() => clients.delete(client));
    }
  };
  accept();
  return { port: listener.addr.port, clients };
}
