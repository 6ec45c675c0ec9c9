/**
 * Responses of a web door.
 *
 * @module
 */
import { encodeResponseHead, type HttpRequest, type HttpResponse } from "../../protocols/http.ts";
import type { Connection } from "./session.ts";

const UTF8 = new TextEncoder();
/** A body is written in pieces of this size, each when the one before has gone. */
const PIECE_BYTES = 1 << 16;
/** Statuses whose responses have no body, not even an empty one (RFC 9110, section 6.4.1). */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/**
 * A text as a response.
 *
 * @example
 * ```ts
 * import { textResponse } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(textResponse(200, "hello").headers?.["content-type"], "text/plain; charset=utf-8");
 * ```
 */
export function textResponse(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body: text };
}

/**
 * A value as JSON.
 *
 * @example
 * ```ts
 * import { jsonResponse } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(jsonResponse(200, { ready: true }).body, '{"ready":true}');
 * ```
 */
export function jsonResponse(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(value),
  };
}

/**
 * A response that the client need not be sent when it has it already (RFC 9110, section 13.1.2).
 *
 * @param etag an opaque text that changes with the body; without quotes
 * @param make makes the response when the client has not got it
 *
 * @example
 * ```ts
 * import { withETag } from "@troupe/actors/net";
 * import type { HttpRequest } from "@troupe/actors/protocols/http";
 * import { assertEquals } from "@std/assert";
 *
 * const request = (headers: Record<string, string>): HttpRequest => ({
 *   ...{ method: "GET", path: "/", query: "", body: new Uint8Array(0), keepAlive: true },
 *   headers: new Map(Object.entries(headers)),
 * });
 * const page = () => ({ status: 200, body: "hello" });
 * assertEquals(withETag(request({}), "1", page).headers, { etag: '"1"' });
 * assertEquals(withETag(request({ "if-none-match": '"1"' }), "1", page).status, 304);
 * ```
 */
export function withETag(
  request: HttpRequest,
  etag: string,
  make: () => HttpResponse,
): HttpResponse {
  const quoted = `"${etag}"`;
  const known = request.headers.get("if-none-match")?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  const response = known?.some((tag) => tag === quoted || tag === "*") ? { status: 304 } : make();
  return { ...response, headers: { ...response.headers, etag: quoted } };
}

/** How one response is written. */
export interface WriteOptions {
  /** The method of the request: `HEAD` is sent no body. */
  readonly method: string;
  /** Header fields beside those of the response. The response's own count. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the connection takes another request after it. */
  readonly keepAlive: boolean;
}

/** Writes a response. A long one takes until the client has taken it. */
export function writeResponse(
  connection: Connection<never>,
  response: HttpResponse,
  options: WriteOptions,
): void | Promise<void> {
  const { status, body } = response;
  const bytes = typeof body === "string" ? UTF8.encode(body) : body ?? new Uint8Array(0);
  const isChunked = !(bytes instanceof Uint8Array);
  const length: Record<string, string> = isChunked
    ? { "transfer-encoding": "chunked" }
    : { "content-length": String(bytes.length) };
  const head = encodeResponseHead({
    status,
    headers: {
      ...options.headers,
      ...response.headers,
      ...(BODILESS.has(status) ? {} : length),
      connection: options.keepAlive ? "keep-alive" : "close",
    },
  });
  connection.allowOutbound(head.length);
  connection.sendText(head);
  if (options.method === "HEAD" || BODILESS.has(status)) return;
  if (isChunked) return writeChunks(connection, bytes);
  if (bytes.length > PIECE_BYTES) return writePieces(connection, bytes);
  connection.allowOutbound(bytes.length);
  connection.send(bytes);
}

async function writePieces(connection: Connection<never>, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    connection.allowOutbound(piece.length);
    connection.send(piece);
    await connection.drained();
  }
}

async function writeChunks(connection: Connection<never>, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    if (piece.length === 0) continue;
    connection.allowOutbound(piece.length + 20);
    connection.sendText(`${piece.length.toString(16)}\r\n`);
    connection.send(piece);
    connection.sendText("\r\n");
    await connection.drained();
  }
  connection.sendText("0\r\n\r\n");
}
