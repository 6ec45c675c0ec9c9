/**
 * A raw TCP client for tests.
 *
 * @module
 */
import { deadline, PATIENCE_MS } from "./_waiting.ts";

/** A raw TCP client that reads lines, bytes or all there is. */
export class TestClient implements Disposable {
  readonly conn: Deno.Conn;
  #unread = new Uint8Array(0);
  #ended = false;

  constructor(conn: Deno.Conn) {
    this.conn = conn;
  }

  /** Connects to a port of this machine. */
  static async connect(port: number, hostname = "127.0.0.1"): Promise<TestClient> {
    return new TestClient(await deadline(Deno.connect({ hostname, port }), PATIENCE_MS, "connecting"));
  }

  /** The client's own address as servers print it. */
  get address(): string {
    const { hostname, port } = netAddress(this.conn.localAddr);
    return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  }

  /** Sends a text as it is, or bytes, all of them. */
  async send(data: string | Uint8Array): Promise<void> {
    let bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    while (bytes.length > 0) bytes = bytes.subarray(await this.conn.write(bytes));
  }

  /** The next line, without its end; null at the end of the stream. */
  line(limitMs = PATIENCE_MS): Promise<string | null> {
    return deadline(this.#line(), limitMs, "a line from the server");
  }

  async #line(): Promise<string | null> {
    let from = 0;
    while (true) {
      const end = this.#unread.indexOf(10, from);
      if (end >= 0) return text(this.#take(end + 1).subarray(0, end));
      from = this.#unread.length;
      if (!await this.#more()) return from === 0 ? null : text(this.#take(from));
    }
  }

  /** The next `count` bytes; fewer at the end of the stream. */
  bytes(count: number, limitMs = PATIENCE_MS): Promise<Uint8Array> {
    return deadline(this.#bytes(count), limitMs, `${count} bytes from the server`);
  }

  async #bytes(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = count;
    while (missing > 0 && (this.#unread.length > 0 || await this.#more())) {
      const part = this.#take(Math.min(missing, this.#unread.length));
      parts.push(part);
      missing -= part.length;
    }
    return new Uint8Array(await new Blob(parts.map((part) => part.slice())).arrayBuffer());
  }

  /** All until the end of the stream, as text. */
  async rest(limitMs = PATIENCE_MS): Promise<string> {
    return text(await this.bytes(Infinity, limitMs));
  }

  /** Resolves once the server has closed; a reset counts. What is still sent is passed over. */
  async closed(limitMs = PATIENCE_MS): Promise<void> {
    await deadline(this.#untilClosed(), limitMs, "the server's close");
  }

  async #untilClosed(): Promise<void> {
    while (await this.#more()) this.#unread = new Uint8Array(0);
  }

  #take(count: number): Uint8Array {
    const taken = this.#unread.subarray(0, count);
    this.#unread = this.#unread.subarray(count);
    return taken;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const buffer = new Uint8Array(65536);
    let count: number | null;
    try {
      count = await this.conn.read(buffer);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      count = null;
    }
    if (count === null) {
      this.#ended = true;
      return false;
    }
    const joined = new Uint8Array(this.#unread.length + count);
    joined.set(this.#unread);
    joined.set(buffer.subarray(0, count), this.#unread.length);
    this.#unread = joined;
    return true;
  }

  /** Ends the sending half. */
  async closeWrite(): Promise<void> {
    await this.conn.closeWrite();
  }

  close(): void {
    try {
      this.conn.close();
    } catch {
      // Closed before.
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

export function netAddress(address: Deno.Addr): Deno.NetAddr {
  if (address.transport === "tcp" || address.transport === "udp") return address;
  throw new TypeError("Cannot tell the address: it is no internet socket");
}

export const decoder = new TextDecoder();

export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
