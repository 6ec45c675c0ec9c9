/**
 * WebSocket frames (RFC 6455): bytes in, messages out. The opening handshake is HTTP, and not here.
 *
 * @module
 */
import type { FrameDecoder } from "./frames.ts";
import { GrowingBytes } from "./_growing_bytes.ts";

/** A message: a string is a text message, bytes are a binary one. */
export type WebSocketMessage = string | Uint8Array;

/** What comes out of {@linkcode webSocketFrames}. */
export type WebSocketInput =
  /** The bytes are the receiver's own. */
  | { readonly type: "message"; readonly message: WebSocketMessage }
  | { readonly type: "ping"; readonly payload: Uint8Array }
  | { readonly type: "pong"; readonly payload: Uint8Array }
  /** The peer closes; 1005 where it gave no code. Nothing comes after it. */
  | { readonly type: "close"; readonly code: number; readonly reason: string }
  /** The peer broke the rules; `code` is what it is to be closed with. Nothing comes after it. */
  | { readonly type: "bad"; readonly code: number; readonly reason: string };

/** Options of {@linkcode webSocketFrames}. */
export interface WebSocketFramesOptions {
  /** Whose frames are read: a client's are masked, a server's are not. */
  readonly from: "client" | "server";
  /** Bytes of one message, over all its frames. @default 1048576 */
  readonly maxMessageBytes?: number;
}

/** The frames of one peer, put together to messages. */
export interface WebSocketFrames extends FrameDecoder<WebSocketInput> {
  /**
   * Tells the message that has begun and not ended from those before and after it; undefined where there is
   * none.
   */
  readonly unfinishedMessage: number | undefined;
}

/** Status codes of a close (RFC 6455, section 7.4.1) that are sent here. */
export const CLOSE_CODES = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  noCode: 1005,
  badText: 1007,
  policy: 1008,
  tooLarge: 1009,
  failed: 1011,
  tryLater: 1013,
} as const;

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const FIN = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const MAX_CONTROL_BYTES = 125;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

/** A rule was broken. */
class Violation extends Error {
  readonly code: number;
  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

/**
 * The messages of one peer.
 *
 * A message over the limit is refused when its length is known, before its bytes have come.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeWebSocket, webSocketFrames } from "@troupe/actors/protocols/web-socket";
 * import type { WebSocketInput } from "@troupe/actors/protocols/web-socket";
 *
 * const inputs: WebSocketInput[] = [];
 * webSocketFrames({ from: "server" }).push(encodeWebSocket("hello"), inputs);
 * assertEquals(inputs, [{ type: "message", message: "hello" }]);
 * ```
 */
export function webSocketFrames(options: WebSocketFramesOptions): WebSocketFrames {
  return new WebSocketDecoder(options);
}

class WebSocketDecoder implements WebSocketFrames {
  readonly idleFlushMs = 0;
  readonly #isMasked: boolean;
  readonly #maxBytes: number;
  #isOver = false;
  /** Bytes of a frame's head, while it is not whole: 14 at most. */
  readonly #head = new Uint8Array(14);
  #headLength = 0;
  /** The head of the frame whose payload comes now. */
  #isInPayload = false;
  #opcode = 0;
  #isFinal = false;
  #missing = 0;
  #maskAt = 0;
  #masked = 0;
  #control = new GrowingBytes(0);
  /** The message under way: its opcode, or -1. */
  #kind = -1;
  #message = new GrowingBytes(0);
  #ended = 0;

  constructor({ from, maxMessageBytes = 1 << 20 }: WebSocketFramesOptions) {
    this.#isMasked = from === "client";
    this.#maxBytes = maxMessageBytes;
  }

  get unfinishedMessage(): number | undefined {
    return this.#kind < 0 ? undefined : this.#ended;
  }

  push(chunk: Uint8Array, inputs: WebSocketInput[]): void {
    try {
      let at = 0;
      while (at < chunk.length && !this.#isOver) {
        at = this.#isInPayload ? this.#takePayload(chunk, at, inputs) : this.#takeHead(chunk, at, inputs);
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#isOver = true;
      inputs.push({ type: "bad", code: error.code, reason: error.message });
    }
  }

  idle(): void {}

  end(): void {
    this.#isOver = true;
  }

  #takeHead(chunk: Uint8Array, from: number, inputs: WebSocketInput[]): number {
    const head = this.#head;
    for (let at = from; at < chunk.length;) {
      head[this.#headLength++] = chunk[at++] ?? 0;
      if (this.#headLength < 2 || this.#headLength < this.#wholeHeadLength()) continue;
      this.#begin();
      if (this.#missing === 0) this.#endFrame(inputs);
      return at;
    }
    return chunk.length;
  }

  /** How long the head is, by its second byte. */
  #wholeHeadLength(): number {
    const second = this.#head[1] ?? 0;
    const length = second & 0x7f;
    return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + ((second & MASKED) === 0 ? 0 : 4);
  }

  #begin(): void {
    const head = this.#head;
    const first = head[0] ?? 0;
    const second = head[1] ?? 0;
    const isMasked = (second & MASKED) !== 0;
    this.#opcode = first & 0x0f;
    this.#isFinal = (first & FIN) !== 0;
    if ((first & RESERVED) !== 0) throw new Violation(1002, "a reserved bit is set");
    if (isMasked !== this.#isMasked) {
      throw new Violation(1002, isMasked ? "the frame is masked" : "the frame is not masked");
    }
    this.#missing = this.#payloadLength(second & 0x7f);
    this.#maskAt = isMasked ? this.#headLength - 4 : -1;
    this.#masked = 0;
    this.#headLength = 0;
    this.#isInPayload = true;
    if (this.#opcode >= CLOSE) this.#checkControl();
    else this.#checkData();
  }

  #payloadLength(length: number): number {
    if (length < 126) return length;
    const view = new DataView(this.#head.buffer);
    const extended = length === 126 ? view.getUint16(2) : view.getUint32(2) * 2 ** 32 + view.getUint32(6);
    if (extended < (length === 126 ? 126 : 65_536)) {
      throw new Violation(1002, "a length is longer than it need be");
    }
    return extended;
  }

  #checkControl(): void {
    if (this.#opcode > PONG) throw new Violation(1002, "the opcode is unknown");
    if (!this.#isFinal || this.#missing > MAX_CONTROL_BYTES) {
      throw new Violation(1002, "a control frame is split or too long");
    }
  }

  #checkData(): void {
    if (this.#opcode > BINARY) throw new Violation(1002, "the opcode is unknown");
    if ((this.#opcode === CONTINUATION) === (this.#kind < 0)) {
      throw new Violation(1002, "a message begins in the middle of another, or goes on without having begun");
    }
    if (this.#opcode !== CONTINUATION) this.#kind = this.#opcode;
    if (this.#message.length + this.#missing > this.#maxBytes) {
      throw new Violation(1009, `a message is longer than ${this.#maxBytes} bytes`);
    }
  }

  #takePayload(chunk: Uint8Array, at: number, inputs: WebSocketInput[]): number {
    const part = chunk.subarray(at, at + this.#missing);
    const isWhole = part.length === this.#missing && this.#isFinal && this.#message.length === 0;
    if (isWhole && this.#opcode < CLOSE) {
      this.#missing = 0;
      this.#isInPayload = false;
      this.#endMessage(this.#maskAt < 0 ? part.slice() : this.#unmask(part), inputs);
      return at + part.length;
    }
    const payload = this.#maskAt < 0 ? part : this.#unmask(part);
    (this.#opcode >= CLOSE ? this.#control : this.#message).append(payload);
    this.#missing -= part.length;
    if (this.#missing === 0) this.#endFrame(inputs);
    return at + part.length;
  }

  #unmask(part: Uint8Array): Uint8Array {
    const plain = new Uint8Array(part.length);
    const head = this.#head;
    const offset = this.#masked;
    for (let i = 0; i < part.length; i++) {
      plain[i] = (part[i] ?? 0) ^ (head[this.#maskAt + ((offset + i) & 3)] ?? 0);
    }
    this.#masked = (offset + part.length) & 3;
    return plain;
  }

  #endFrame(inputs: WebSocketInput[]): void {
    this.#isInPayload = false;
    if (this.#opcode >= CLOSE) return this.#endControl(this.#control.take(), inputs);
    if (this.#isFinal) this.#endMessage(this.#message.take(), inputs);
  }

  #endMessage(bytes: Uint8Array, inputs: WebSocketInput[]): void {
    const isText = this.#kind === TEXT;
    this.#kind = -1;
    this.#ended++;
    inputs.push({ type: "message", message: isText ? decodeText(bytes) : bytes });
  }

  #endControl(payload: Uint8Array, inputs: WebSocketInput[]): void {
    if (this.#opcode === PING) inputs.push({ type: "ping", payload });
    else if (this.#opcode === PONG) inputs.push({ type: "pong", payload });
    else {
      this.#isOver = true;
      inputs.push(readClose(payload));
    }
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new Violation(1007, "a text is not UTF-8");
  }
}

function readClose(payload: Uint8Array): WebSocketInput {
  if (payload.length === 0) return { type: "close", code: CLOSE_CODES.noCode, reason: "" };
  if (payload.length === 1) throw new Violation(1002, "a close has half a code");
  const code = new DataView(payload.buffer, payload.byteOffset).getUint16(0);
  const isKnown = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) ||
    (code >= 3000 && code <= 4999);
  if (!isKnown) throw new Violation(1002, "a close has no valid code");
  return { type: "close", code, reason: decodeText(payload.subarray(2)) };
}

/** What every frame but a control frame is made of. */
export interface EncodeOptions {
  /** Four bytes of chance: given by a client, never by a server. */
  readonly mask?: Uint8Array;
}

/** A message as one frame. The same bytes go to any number of a server's clients. */
export function encodeWebSocket(
  message: WebSocketMessage,
  options: EncodeOptions = {},
): Uint8Array<ArrayBuffer> {
  return typeof message === "string"
    ? encodeFrame(TEXT, ENCODER.encode(message), options.mask)
    : encodeFrame(BINARY, message, options.mask);
}

/**
 * The head that stands before a message of `length` bytes from a server.
 *
 * @example
 * ```ts
 * import { encodeWebSocket, webSocketHead } from "@troupe/actors/protocols/web-socket";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new TextEncoder().encode("hello");
 * assertEquals([...webSocketHead("text", text.length), ...text], [...encodeWebSocket("hello")]);
 * ```
 */
export function webSocketHead(type: "text" | "binary", length: number): Uint8Array<ArrayBuffer> {
  return frameHead(type === "text" ? TEXT : BINARY, length, undefined);
}

/**
 * A ping, or the pong that answers one. Throws `RangeError` on a payload over 125 bytes.
 *
 * @example
 * ```ts
 * import { encodePing, webSocketFrames } from "@troupe/actors/protocols/web-socket";
 * import type { WebSocketInput } from "@troupe/actors/protocols/web-socket";
 * import { assertEquals } from "@std/assert";
 *
 * const inputs: WebSocketInput[] = [];
 * webSocketFrames({ from: "server" }).push(encodePing("ping", Uint8Array.of(7)), inputs);
 * assertEquals(inputs, [{ type: "ping", payload: Uint8Array.of(7) }]);
 * ```
 */
export function encodePing(
  type: "ping" | "pong",
  payload: Uint8Array,
  options: EncodeOptions = {},
): Uint8Array {
  if (payload.length > MAX_CONTROL_BYTES) {
    throw new RangeError(`Cannot send ${payload.length} bytes with a ${type}`);
  }
  return encodeFrame(type === "ping" ? PING : PONG, payload, options.mask);
}

/**
 * A close. A reason over 123 bytes is cut. Without a code the frame has none either.
 *
 * @example
 * ```ts
 * import { CLOSE_CODES, encodeClose, webSocketFrames } from "@troupe/actors/protocols/web-socket";
 * import type { WebSocketInput } from "@troupe/actors/protocols/web-socket";
 * import { assertEquals } from "@std/assert";
 *
 * const inputs: WebSocketInput[] = [];
 * webSocketFrames({ from: "server" }).push(encodeClose(CLOSE_CODES.normal, "bye"), inputs);
 * assertEquals(inputs, [{ type: "close", code: CLOSE_CODES.normal, reason: "bye" }]);
 * ```
 */
export function encodeClose(code?: number, reason = "", options: EncodeOptions = {}): Uint8Array {
  if (code === undefined || code === CLOSE_CODES.noCode) {
    return encodeFrame(CLOSE, new Uint8Array(0), options.mask);
  }
  const payload = new Uint8Array(MAX_CONTROL_BYTES);
  new DataView(payload.buffer).setUint16(0, code);
  const { written } = ENCODER.encodeInto(reason, payload.subarray(2));
  return encodeFrame(CLOSE, payload.subarray(0, 2 + written), options.mask);
}

function encodeFrame(
  opcode: number,
  payload: Uint8Array,
  mask: Uint8Array | undefined,
): Uint8Array<ArrayBuffer> {
  const head = frameHead(opcode, payload.length, mask);
  const frame = new Uint8Array(head.length + payload.length);
  frame.set(head);
  frame.set(payload, head.length);
  if (mask !== undefined) {
    for (let i = 0; i < payload.length; i++) {
      frame[head.length + i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0);
    }
  }
  return frame;
}

function frameHead(opcode: number, length: number, mask: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = new Uint8Array(2 + lengthBytes + (mask === undefined ? 0 : 4));
  head[0] = FIN | opcode;
  head[1] = (mask === undefined ? 0 : MASKED) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  const view = new DataView(head.buffer);
  if (lengthBytes === 2) view.setUint16(2, length);
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(length));
  if (mask !== undefined) head.set(mask, 2 + lengthBytes);
  return head;
}
