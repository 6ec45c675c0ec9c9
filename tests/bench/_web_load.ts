/**
 * Load for a server of the y-protocols: clients that type, and clients that count what they are sent.
 *
 * They are cheap, so that the server is the limit: what is typed is encoded before it is sent, and what comes
 * is not decoded but searched for the one letter that all of them type.
 *
 * @module
 */
import { encodeYMessage } from "../../protocols/y_sync.ts";

/**
 * What every edit inserts: a euro sign. Its bytes occur nowhere else in an update while numbers stay below
 * 2^21, and the numbers of the writers below 128.
 */
const [FIRST, SECOND, THIRD] = [0xe2, 0x82, 0xac];
const STRING = 4;
const HAS_ORIGIN = 0x80;
const HAS_RIGHT_ORIGIN = 0x40;
const TEXT_NAME = new TextEncoder().encode("content");
const NAMED_PARENT = [1, TEXT_NAME.length, ...TEXT_NAME];
/** The number of who writes alone. */
const WRITER = 1;

/** A number of edits by one writer, each a message of its own, as frames of a client. */
export class TypedFrames {
  readonly #bytes: Uint8Array;
  /** Where each frame ends. */
  readonly #ends: readonly number[];

  /** @param clientId from 1 to 127 */
  constructor(clientId: number, edits: number) {
    const frames = Array.from({ length: edits }, (_, i) => clientFrame(typedUpdate(clientId, i)));
    this.#ends = frames.reduce<number[]>((ends, frame) => {
      ends.push((ends.at(-1) ?? 0) + frame.length);
      return ends;
    }, []);
    this.#bytes = new Uint8Array(this.#ends.at(-1) ?? 0);
    for (const [i, frame] of frames.entries()) this.#bytes.set(frame, this.#start(i));
  }

  /** The frames of edits from `start` to before `end`. */
  slice(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(this.#start(start), this.#start(end));
  }

  #start(edit: number): number {
    return edit === 0 ? 0 : this.#ends[edit - 1] ?? this.#bytes.length;
  }
}

/**
 * One letter behind the one that the writer typed before, as Yjs encodes it (version 1): one client with one
 * item, which is a string with its left neighbour, at first with the name of the text instead; nothing
 * deleted.
 */
function typedUpdate(clientId: number, clock: number): Uint8Array {
  const place = clock === 0
    ? [STRING, ...NAMED_PARENT]
    : [STRING | HAS_ORIGIN, clientId, ...varUint(clock - 1)];
  return Uint8Array.of(1, 1, clientId, ...varUint(clock), ...place, 3, FIRST, SECOND, THIRD, 0);
}

function varUint(value: number): number[] {
  return value < 0x80 ? [value] : [0x80 | (value & 0x7f), ...varUint(value >>> 7)];
}

/** An update as a client's WebSocket frame, masked with zeros: to mask it costs nothing then. */
function clientFrame(update: Uint8Array): Uint8Array {
  const message = encodeYMessage({ type: "update", update });
  if (message.length > 125) throw new RangeError("Cannot type so much at once");
  const frame = new Uint8Array(6 + message.length);
  frame[0] = 0x82;
  frame[1] = 0x80 | message.length;
  frame.set(message, 6);
  return frame;
}

/** What a person does who writes for a long time: types here and there, and takes some of it back. */
export class WritingTrace {
  /** The keys in the order of the text, by clock. */
  readonly #order: number[] = [];
  #clock = 0;
  #random = 7;

  /** How many letters are there. */
  get length(): number {
    return this.#order.length;
  }

  /** So many keys, of which two of five delete, as frames of a client. */
  keys(count: number): Uint8Array {
    const frames: Uint8Array[] = [];
    for (let left = count; left > 0;) {
      const run = Math.min(1 + this.#below(20), left);
      const at = this.#below(this.#order.length + 1);
      const isDeleting = this.#order.length > 1000 && this.#below(5) < 2;
      for (let i = 0; i < run; i++) {
        frames.push(clientFrame(isDeleting ? this.#delete(at) : this.#type(at + i)));
      }
      left -= run;
    }
    const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    let end = 0;
    for (const frame of frames) {
      bytes.set(frame, end);
      end += frame.length;
    }
    return bytes;
  }

  #type(at: number): Uint8Array {
    const [left, right] = [this.#order[at - 1], this.#order[at]];
    const clock = this.#clock++;
    this.#order.splice(at, 0, clock);
    return insertion(clock, left, right);
  }

  #delete(at: number): Uint8Array {
    const [clock = 0] = this.#order.splice(Math.min(at, this.#order.length - 1), 1);
    return Uint8Array.of(0, 1, WRITER, 1, ...varUint(clock), 1);
  }

  #below(limit: number): number {
    return (this.#random = (this.#random * 48_271) % 2_147_483_647) % limit;
  }
}

/** One letter between two others, where there are any. */
function insertion(clock: number, left: number | undefined, right: number | undefined): Uint8Array {
  const info = STRING | (left === undefined ? 0 : HAS_ORIGIN) | (right === undefined ? 0 : HAS_RIGHT_ORIGIN);
  const neighbours = [left, right].flatMap((id) => id === undefined ? [] : [WRITER, ...varUint(id)]);
  const place = neighbours.length === 0 ? NAMED_PARENT : neighbours;
  return Uint8Array.of(1, 1, WRITER, ...varUint(clock), info, ...place, 3, FIRST, SECOND, THIRD, 0);
}

/** One client of a server. */
export class WebClient {
  readonly conn: Deno.TcpConn;
  /** Edits that it was sent. */
  heard = 0;
  readonly #onHeard: (client: WebClient) => void;
  #writing: Promise<void> = Promise.resolve();
  #before = 0;
  #beforeThat = 0;

  private constructor(conn: Deno.TcpConn, onHeard: (client: WebClient) => void) {
    this.conn = conn;
    this.#onHeard = onHeard;
  }

  /** Connects, and waits for the upgrade. */
  static async connect(
    port: number,
    path: string,
    onHeard: (client: WebClient) => void,
  ): Promise<WebClient> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay(true);
    const client = new WebClient(conn, onHeard);
    const head =
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    await client.#write(new TextEncoder().encode(head));
    const buffer = new Uint8Array(65_536);
    const count = await conn.read(buffer) ?? 0;
    if (!new TextDecoder().decode(buffer.subarray(0, count)).startsWith("HTTP/1.1 101")) {
      throw new Error("Cannot measure: the server does not speak WebSocket");
    }
    client.#read(buffer).catch(() => {});
    return client;
  }

  /** Asks for the whole document, as a client does that has nothing. */
  askForAll(): void {
    this.send(
      Uint8Array.of(
        0x82,
        0x84,
        0,
        0,
        0,
        0,
        ...encodeYMessage({
          type: "sync-step-1",
          stateVector: Uint8Array.of(0),
        }),
      ),
    );
  }

  /** Writes frames behind those before them. */
  send(frames: Uint8Array): void {
    this.#writing = this.#writing.then(() => this.#write(frames)).catch(() => {});
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.conn.write(rest));
  }

  async #read(buffer: Uint8Array): Promise<void> {
    for (let count; (count = await this.conn.read(buffer)) !== null;) {
      const letters = this.#count(buffer, count);
      this.heard += letters;
      if (letters > 0) this.#onHeard(this);
    }
  }

  /** The letters in a piece of the stream; one may be in two pieces. */
  #count(bytes: Uint8Array, end: number): number {
    let letters = 0;
    let [beforeThat, before] = [this.#beforeThat, this.#before];
    for (let i = 0; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (byte === THIRD && before === SECOND && beforeThat === FIRST) letters++;
      beforeThat = before;
      before = byte;
    }
    [this.#beforeThat, this.#before] = [beforeThat, before];
    return letters;
  }
}
