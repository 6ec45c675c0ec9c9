/**
 * HTTP/1.1 out of a stream of bytes: requests as a server reads them, responses as a client does.
 *
 * @module
 */
import { MessageDecoder } from "./_http_message_decoder.ts";
import type { FrameDecoder } from "./frames.ts";
import {
  bodyLength,
  hasToken,
  HttpError,
  type HttpHead,
  type HttpHeaders,
  type HttpRequest,
  isToken,
  splitTarget,
} from "./http.ts";

/** What comes out of {@linkcode httpRequests}. */
export type HttpInput =
  | { readonly type: "request"; readonly request: HttpRequest }
  /** The client waits for `100 Continue` before it sends a body. */
  | { readonly type: "expects-continue" }
  /** What came is no request, or more than is taken. Nothing comes after it. */
  | { readonly type: "bad-request"; readonly status: number; readonly message: string };

/** Options of {@linkcode httpRequests}. */
export interface HttpRequestsOptions {
  /** Bytes of the first line and the header fields together. @default 65536 */
  readonly maxHeadBytes?: number;
  /** Bytes that the body of a request to `path` may have. @default () => 0 */
  readonly maxBodyBytes?: (method: string, path: string) => number;
}

/** What {@linkcode httpRequests} makes. */
export interface HttpRequestDecoder extends FrameDecoder<HttpInput> {
  /** A request has begun and is not whole. */
  readonly isMidRequest: boolean;
}

/**
 * The requests of one connection. An upgrade (RFC 9110, section 7.8) is the last one: what follows it is of
 * another protocol.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type HttpInput, httpRequests } from "@troupe/actors/protocols/http-decoder";
 *
 * const inputs: HttpInput[] = [];
 * httpRequests().push(new TextEncoder().encode("GET /a?b HTTP/1.1\r\nhost: localhost\r\n\r\n"), inputs);
 * const [first] = inputs;
 * assertEquals(first?.type === "request" ? first.request.path : "", "/a");
 * ```
 */
export function httpRequests(options: HttpRequestsOptions = {}): HttpRequestDecoder {
  return new RequestDecoder(options);
}

class RequestDecoder implements HttpRequestDecoder {
  readonly idleFlushMs = 0;
  readonly #decoder: MessageDecoder<HttpRequest>;
  readonly #requests: HttpRequest[] = [];
  #isContinueExpected = false;
  #isOver = false;

  constructor({ maxHeadBytes = 65_536, maxBodyBytes = () => 0 }: HttpRequestsOptions) {
    this.#decoder = new MessageDecoder<HttpRequest>({
      maxHeadBytes,
      begin: (head) => {
        const { method, path } = checkRequest(head);
        const length = bodyLength(head.headers) ?? 0;
        this.#isContinueExpected = length !== 0 && hasToken(head.headers.get("expect"), "100-continue");
        return { length, maxBytes: maxBodyBytes(method, path) };
      },
      whole: requestOf,
      isLast: isUpgrade,
    });
  }

  get isMidRequest(): boolean {
    return !this.#isOver && this.#decoder.isMidMessage;
  }

  push(chunk: Uint8Array, inputs: HttpInput[]): void {
    if (this.#isOver) return;
    try {
      const used = this.#decoder.push(chunk, this.#requests);
      this.#takeRequests(inputs);
      // RFC 6455, section 4.1: the client waits for the answer before it speaks the other protocol.
      if (used < chunk.length) throw new HttpError(400, "bytes came before the upgrade was answered");
      if (this.#isContinueExpected) inputs.push({ type: "expects-continue" });
      this.#isContinueExpected = false;
    } catch (error) {
      this.#fail(error, inputs);
    }
  }

  idle(): void {}

  end(inputs: HttpInput[]): void {
    if (this.#isOver) return;
    try {
      this.#decoder.end(this.#requests);
    } catch (error) {
      this.#fail(error, inputs);
    }
    this.#isOver = true;
  }

  #takeRequests(inputs: HttpInput[]): void {
    for (const request of this.#requests.splice(0)) {
      this.#isContinueExpected = false;
      inputs.push({ type: "request", request });
    }
  }

  #fail(error: unknown, inputs: HttpInput[]): void {
    if (!(error instanceof HttpError)) throw error;
    this.#isOver = true;
    this.#takeRequests(inputs);
    inputs.push({ type: "bad-request", status: error.status, message: error.message });
  }
}

function checkRequest(
  { start: [method, target, version], headers }: HttpHead,
): { method: string; path: string } {
  if (!isToken(method) || !version.startsWith("HTTP/")) {
    throw new HttpError(400, "the first line is not of HTTP");
  }
  if (!/^HTTP\/1\.[01]$/.test(version)) throw new HttpError(505, "only HTTP/1.1 and HTTP/1.0 are spoken");
  if (version === "HTTP/1.1" && !headers.has("host")) {
    throw new HttpError(400, "the header field host is missing");
  }
  if (version === "HTTP/1.0" && headers.has("transfer-encoding")) {
    throw new HttpError(400, "HTTP/1.0 has no transfer codings");
  }
  return { method, path: splitTarget(target).path };
}

function requestOf({ start: [method, target, version], headers }: HttpHead, body: Uint8Array): HttpRequest {
  const connection = headers.get("connection");
  const keepAlive = version === "HTTP/1.1"
    ? !hasToken(connection, "close")
    : hasToken(connection, "keep-alive");
  const { host, ...place } = splitTarget(target);
  // RFC 9112, section 3.2.2: a host in the target is the one that counts.
  const asked = host === undefined ? headers : new Map([...headers, ["host", host]]);
  return { method, ...place, headers: asked, body, keepAlive };
}

/**
 * Whether the client asks for another protocol on this connection.
 *
 * @example
 * ```ts
 * import { isUpgrade } from "@troupe/actors/protocols/http-decoder";
 * import { assert } from "@std/assert";
 *
 * assert(isUpgrade({ headers: new Map([["connection", "Upgrade"], ["upgrade", "websocket"]]) }));
 * ```
 */
export function isUpgrade({ headers }: { readonly headers: HttpHeaders }): boolean {
  return headers.has("upgrade") && hasToken(headers.get("connection"), "upgrade");
}

/** A response as a client reads it. */
export interface HttpReply {
  /** 101 to 999; 1xx but for 101 are passed over. */
  readonly status: number;
  /** The header fields. */
  readonly headers: HttpHeaders;
  /** The body, whole. */
  readonly body: Uint8Array;
}

/** Options of {@linkcode httpReply}. */
export interface HttpReplyOptions {
  /** The method of the request: a reply to `HEAD` has no body. @default "GET" */
  readonly method?: string;
  /** Bytes of the first line and the header fields together. @default 65536 */
  readonly maxHeadBytes?: number;
  /** Bytes that the body may have. @default 67108864 */
  readonly maxBodyBytes?: number;
}

/** Reads one reply out of a stream. */
export interface HttpReplyDecoder {
  /**
   * Takes bytes, and says how many were used: all, unless the reply is whole. Throws {@linkcode HttpError}.
   */
  push(chunk: Uint8Array): number;
  /** The stream has ended. Throws {@linkcode HttpError} where the reply is not whole. */
  end(): void;
  /** The reply, once it is whole. */
  readonly reply: HttpReply | undefined;
}

/**
 * The reply to one request.
 *
 * @example
 * ```ts
 * import { httpReply } from "@troupe/actors/protocols/http-decoder";
 * import { assertEquals } from "@std/assert";
 *
 * const decoder = httpReply();
 * decoder.push(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"));
 * assertEquals([decoder.reply?.status, new TextDecoder().decode(decoder.reply?.body)], [200, "hi"]);
 * ```
 */
export function httpReply(options: HttpReplyOptions = {}): HttpReplyDecoder {
  return new ReplyDecoder(options);
}

const BODILESS: ReadonlySet<number> = new Set([204, 304]);

class ReplyDecoder implements HttpReplyDecoder {
  readonly #decoder: MessageDecoder<HttpReply>;
  readonly #replies: HttpReply[] = [];

  constructor({ method = "GET", maxHeadBytes = 65_536, maxBodyBytes = 1 << 26 }: HttpReplyOptions) {
    this.#decoder = new MessageDecoder<HttpReply>({
      maxHeadBytes,
      begin(head) {
        const status = statusOf(head);
        const hasBody = method !== "HEAD" && status >= 200 && !BODILESS.has(status);
        return { length: hasBody ? bodyLength(head.headers) ?? null : 0, maxBytes: maxBodyBytes };
      },
      whole: (head, body) => ({ status: statusOf(head), headers: head.headers, body }),
      isLast: ({ status }) => status >= 200 || status === 101,
    });
  }

  get reply(): HttpReply | undefined {
    return this.#replies.findLast(({ status }) => status >= 200 || status === 101);
  }

  push(chunk: Uint8Array): number {
    return this.#decoder.push(chunk, this.#replies);
  }

  end(): void {
    if (this.reply !== undefined) return;
    this.#decoder.end(this.#replies);
    if (this.reply === undefined) throw new HttpError(400, "the stream ended before the reply");
  }
}

function statusOf({ start: [version, status] }: HttpHead): number {
  if (!version.startsWith("HTTP/1.") || !/^[1-9]\d\d$/.test(status)) {
    throw new HttpError(400, "the first line is not of HTTP");
  }
  return Number(status);
}
