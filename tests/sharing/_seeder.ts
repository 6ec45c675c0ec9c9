/**
 * A seed in as few lines as can be, of no use to anybody but tests: it lies, dies and stalls when it is told
 * to.
 *
 * @module
 */
import { HANDSHAKE_BYTES } from "../../protocols/peer_wire.ts";

/** Options of {@linkcode Seeder}. */
export interface SeederOptions {
  readonly content: Uint8Array;
  readonly pieceLength: number;
  readonly port?: number;
  /** Flips a bit of every so many-th block. */
  readonly lieEvery?: number;
  /** Closes everything after so many bytes. */
  readonly dieAfter?: number;
}

/** Gives one torrent, whatever is asked for. */
export class Seeder implements Disposable {
  readonly port: number;
  /** Bytes of blocks sent. */
  sent = 0;
  lies = 0;
  connections = 0;
  isDead = false;
  readonly #options: SeederOptions;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();

  constructor(options: SeederOptions) {
    this.#options = options;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: options.port ?? 0 });
    this.port = this.#listener.addr.port;
    this.#accept();
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        this.connections++;
        this.#open.add(connection);
        this.#serve(connection).catch(() => {}).finally(() => this.#close(connection));
      }
    } catch {
      // It was closed.
    }
  }

  #close(connection: Deno.TcpConn): void {
    if (!this.#open.delete(connection)) return;
    connection.close();
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    const { content, pieceLength } = this.#options;
    connection.setNoDelay();
    const reader = new ByteReader(connection);
    const theirs = (await reader.take(HANDSHAKE_BYTES)).slice();
    theirs.fill(0, 20, 28);
    theirs.set(crypto.getRandomValues(new Uint8Array(12)), 56);
    const pieces = Math.ceil(content.length / pieceLength);
    const bits = new Uint8Array(5 + Math.ceil(pieces / 8));
    new DataView(bits.buffer).setUint32(0, bits.length - 4);
    bits[4] = 5;
    for (let piece = 0; piece < pieces; piece++) {
      bits[5 + (piece >> 3)] = (bits[5 + (piece >> 3)] ?? 0) | (0x80 >> (piece & 7));
    }
    await writeAll(connection, theirs);
    await writeAll(connection, bits);
    await writeAll(connection, Uint8Array.of(0, 0, 0, 1, 1));
    const out = new Uint8Array(13 + 128 * 1024);
    const head = new DataView(out.buffer);
    for (;;) {
      const length = view(await reader.take(4)).getUint32(0);
      if (length === 0) continue;
      const message = await reader.take(length);
      if (message[0] !== 6) continue;
      const request = view(message);
      const [piece, begin, size] = [request.getUint32(1), request.getUint32(5), request.getUint32(9)];
      head.setUint32(0, 9 + size);
      out[4] = 7;
      head.setUint32(5, piece);
      head.setUint32(9, begin);
      const at = piece * pieceLength + begin;
      out.set(content.subarray(at, at + size), 13);
      this.#perhapsLie(out);
      await writeAll(connection, out.subarray(0, 13 + size));
      this.sent += size;
      if (this.sent >= (this.#options.dieAfter ?? Infinity)) return this[Symbol.dispose]();
    }
  }

  #perhapsLie(message: Uint8Array): void {
    const { lieEvery = 0 } = this.#options;
    if (lieEvery === 0 || Math.floor(this.sent / 16384) % lieEvery !== lieEvery - 1) return;
    message[13 + 100] = (message[13 + 100] ?? 0) ^ 1;
    this.lies++;
  }

  [Symbol.dispose](): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#listener.close();
    for (const connection of this.#open) this.#close(connection);
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Bytes of a connection, so many at a time; each valid until the next are taken. */
class ByteReader {
  readonly #connection: Deno.TcpConn;
  readonly #buffer = new Uint8Array(256 * 1024);
  #start = 0;
  #end = 0;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  async take(count: number): Promise<Uint8Array> {
    if (this.#start + count > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    while (this.#end - this.#start < count) {
      const read = await this.#connection.read(this.#buffer.subarray(this.#end));
      if (read === null) throw new Error("The peer has gone");
      this.#end += read;
    }
    const bytes = this.#buffer.subarray(this.#start, this.#start + count);
    this.#start += count;
    return bytes;
  }
}
