import { GrowingBytes } from "./_growing_bytes.ts";
import { type BodyLength, HttpError, type HttpHead, parseHead } from "./http.ts";

const LF = 0x0a;
const CR = 0x0d;
/** A chunk's size and its extensions, or a trailer field. */
const MAX_CHUNK_LINE_BYTES = 4096;
/** Bytes stand for the characters of their number: what a head means does not depend on an encoding. */
const LATIN1 = new TextDecoder("latin1");

/** What the two kinds of messages differ in. */
export interface MessageKind<M> {
  readonly maxHeadBytes: number;
  /** Checks the head; says how long the body is (null: until the stream ends) and how long it may be. */
  begin(head: HttpHead): { readonly length: BodyLength | null; readonly maxBytes: number };
  /** The message that has come. Undefined: the rest of the stream is not for this decoder. */
  whole(head: HttpHead, body: Uint8Array): M;
  /** Whether nothing that follows the message is of HTTP. */
  isLast(message: M): boolean;
}

type State = "head" | "body" | "until-end" | "chunk-size" | "chunk" | "chunk-end" | "trailers" | "over";

/** Cuts a stream of bytes into the messages of HTTP/1.1. */
export class MessageDecoder<M> {
  readonly #kind: MessageKind<M>;
  #state: State = "head";
  #line = new GrowingBytes(0);
  /** Bytes of the line under way, without its end. */
  #lineLength = 0;
  #head: HttpHead | undefined;
  #body = new GrowingBytes(0);
  #maxBodyBytes = 0;
  /** Bytes of the body or of the chunk that are still to come. */
  #missing = 0;

  constructor(kind: MessageKind<M>) {
    this.#kind = kind;
  }

  /** A message has begun and is not whole. */
  get isMidMessage(): boolean {
    return this.#state !== "over" && (this.#state !== "head" || this.#line.length > 0);
  }

  /**
   * Takes the bytes, and appends the messages that they complete.
   *
   * @returns how many bytes were used: all, but for those behind the last message.
   * @throws {HttpError} on what is not of the protocol; then it takes nothing more.
   */
  push(chunk: Uint8Array, messages: M[]): number {
    try {
      let at = 0;
      while (at < chunk.length && this.#state !== "over") at = this.#step(chunk, at, messages);
      return at;
    } catch (error) {
      this.#state = "over";
      throw error;
    }
  }

  /** The stream has ended. Throws {@linkcode HttpError} where that is in the middle of a message. */
  end(messages: M[]): void {
    if (this.#state === "until-end") return this.#finish(messages);
    if (this.isMidMessage) throw new HttpError(400, "the stream ended in the middle of a message");
    this.#state = "over";
  }

  #step(chunk: Uint8Array, at: number, messages: M[]): number {
    switch (this.#state) {
      case "head":
        return this.#takeHead(chunk, at, messages);
      case "chunk-size":
      case "chunk-end":
      case "trailers":
        return this.#takeChunkLine(chunk, at, messages);
      default:
        return this.#takeBody(chunk, at, messages);
    }
  }

  #takeHead(chunk: Uint8Array, from: number, messages: M[]): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === LF) {
        if (this.#lineLength === 0) {
          this.#keepHead(chunk.subarray(from, at + 1));
          // Empty lines before a message are passed over: RFC 9112, section 2.2.
          const text = LATIN1.decode(this.#line.take()).replace(/^[\r\n]+/, "");
          if (text !== "") this.#begin(text.replace(/\r?\n\r?\n$/, ""), messages);
          return at + 1;
        }
        this.#lineLength = 0;
      } else if (byte !== CR) this.#lineLength++;
    }
    this.#keepHead(chunk.subarray(from));
    return chunk.length;
  }

  #keepHead(bytes: Uint8Array): void {
    const { maxHeadBytes } = this.#kind;
    if (this.#line.length + bytes.length > maxHeadBytes) {
      throw new HttpError(431, `the head is longer than ${maxHeadBytes} bytes`);
    }
    this.#line.append(bytes);
  }

  #begin(text: string, messages: M[]): void {
    const head = parseHead(text);
    const { length, maxBytes } = this.#kind.begin(head);
    this.#head = head;
    this.#maxBodyBytes = maxBytes;
    if (length === "chunked") {
      this.#state = "chunk-size";
    } else if (length === null) {
      this.#state = "until-end";
    } else {
      this.#allow(length);
      this.#missing = length;
      this.#state = "body";
      if (length === 0) this.#finish(messages);
    }
  }

  #allow(bytes: number): void {
    if (this.#body.length + bytes > this.#maxBodyBytes) {
      throw new HttpError(413, `the body is longer than ${this.#maxBodyBytes} bytes`);
    }
  }

  #takeBody(chunk: Uint8Array, at: number, messages: M[]): number {
    if (this.#state === "until-end") {
      this.#allow(chunk.length - at);
      this.#body.append(chunk.subarray(at));
      return chunk.length;
    }
    const part = chunk.subarray(at, at + this.#missing);
    this.#body.append(part);
    this.#missing -= part.length;
    if (this.#missing === 0) {
      if (this.#state === "chunk") this.#state = "chunk-end";
      else this.#finish(messages);
    }
    return at + part.length;
  }

  /** A line between the chunks of a body: RFC 9112, section 7.1. */
  #takeChunkLine(chunk: Uint8Array, at: number, messages: M[]): number {
    const end = chunk.indexOf(LF, at);
    const stop = end < 0 ? chunk.length : end;
    if (this.#line.length + stop - at > MAX_CHUNK_LINE_BYTES) {
      throw new HttpError(400, "a chunk's head is too long");
    }
    this.#line.append(chunk.subarray(at, stop));
    if (end < 0) return chunk.length;
    this.#onChunkLine(LATIN1.decode(this.#line.take()).replace(/\r$/, ""), messages);
    return end + 1;
  }

  #onChunkLine(line: string, messages: M[]): void {
    if (this.#state === "trailers") {
      if (line === "") this.#finish(messages);
      return;
    }
    if (this.#state === "chunk-end") {
      if (line !== "") throw new HttpError(400, "a chunk is longer than it said");
      this.#state = "chunk-size";
      return;
    }
    const size = /^([0-9A-Fa-f]{1,8})[ \t]*(;.*)?$/.exec(line)?.[1];
    if (size === undefined) throw new HttpError(400, "a chunk has no size");
    this.#missing = parseInt(size, 16);
    this.#allow(this.#missing);
    this.#state = this.#missing === 0 ? "trailers" : "chunk";
  }

  #finish(messages: M[]): void {
    const head = this.#head;
    this.#state = "head";
    if (head === undefined) return;
    const message = this.#kind.whole(head, this.#body.take());
    messages.push(message);
    if (this.#kind.isLast(message)) this.#state = "over";
  }
}
