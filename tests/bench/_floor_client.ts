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
