/**
 * HTTP/1.1 messages (RFC 9110, RFC 9112): what a request and a response are, and how a head is read and
 * written.
 *
 * @module
 */
/** Header fields by lower-case name. A field that was sent more than once has its values joined by `, `. */
export type HttpHeaders = ReadonlyMap<string, string>;

/** One request, whole. */
export interface HttpRequest {
  /** `GET`, `POST`, … as sent: methods are case-sensitive. */
  readonly method: string;
  /** The path of the target, percent-encoded as it was sent; it begins with `/`. */
  readonly path: string;
  /** What follows the `?`, as it was sent; empty without one. */
  readonly query: string;
  /** The header fields. */
  readonly headers: HttpHeaders;
  /** The body; empty when there is none. */
  readonly body: Uint8Array;
  /** Whether the client wants to send another request on this connection. */
  readonly keepAlive: boolean;
}

/** One response. */
export interface HttpResponse {
  /** 200 to 599. */
  readonly status: number;
  /** Header fields by lower-case name. Length, date and connection are added. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as UTF-8; pieces are sent in chunks as they come. @default no body */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** The first line and the header fields of a message. */
export interface HttpHead {
  /** The three parts of the first line. */
  readonly start: readonly [string, string, string];
  /** The header fields. */
  readonly headers: HttpHeaders;
}

/** Why a message is refused: the status that says so, and a sentence for people. */
export class HttpError extends Error {
  /** For `error.name`. */
  override readonly name = "HttpError";
  /** 400 to 599. */
  readonly status: number;
  /** An error that is answered with `status`. */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Names of the status codes (RFC 9110, section 15) that are sent here. */
const REASONS: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/**
 * The name of a status code, `Not Found` for 404; empty where it has none here.
 *
 * @example
 * ```ts
 * import { httpReason } from "@troupe/actors/protocols/http";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([404, 299].map(httpReason), ["Not Found", ""]);
 * ```
 */
export function httpReason(status: number): string {
  return REASONS[status] ?? "";
}

/** The most header fields of one message. */
const MAX_FIELDS = 128;
/** A method, a header name: RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Controls, but for the tab, have no place in a header field. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * True for a method or a header name.
 *
 * @example
 * ```ts
 * import { isToken } from "@troupe/actors/protocols/http";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["content-type", "two words"].map(isToken), [true, false]);
 * ```
 */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/**
 * Reads the head of a message, given without the empty line that ends it. Bytes stand for the characters of
 * their number (ISO 8859-1).
 *
 * @throws {HttpError} 400 or 431 on what is no head.
 *
 * @example
 * ```ts
 * import { parseHead } from "@troupe/actors/protocols/http";
 * import { assertEquals } from "@std/assert";
 *
 * const { headers } = parseHead("GET / HTTP/1.1\r\nHost: a");
 * assertEquals(headers.get("host"), "a");
 * ```
 */
export function parseHead(text: string): HttpHead {
  const lines = text.split("\n").map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
  const [first = "", ...fields] = lines;
  if (fields.length > MAX_FIELDS) throw new HttpError(431, `more than ${MAX_FIELDS} header fields`);
  const [method = "", target = "", ...rest] = first.split(" ");
  if (rest.length === 0 || CONTROL.test(first)) throw new HttpError(400, "the first line is not of HTTP");
  const headers = new Map<string, string>();
  for (const field of fields) addField(headers, field);
  return { start: [method, target, rest.join(" ")], headers };
}

function addField(headers: Map<string, string>, line: string): void {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
  if (!isToken(name)) throw new HttpError(400, "a header field has no valid name");
  const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
  if (CONTROL.test(value)) throw new HttpError(400, `the header field ${name} has a control character`);
  const before = headers.get(name);
  if (before !== undefined && (name === "host" || name === "content-length")) {
    throw new HttpError(400, `the header field ${name} was sent twice`);
  }
  headers.set(name, before === undefined ? value : `${before}, ${value}`);
}

/**
 * How long the body of a message is: so many bytes, in chunks, or (responses only) until the end of the
 * stream.
 */
export type BodyLength = number | "chunked";

/**
 * The length of a body by its header fields (RFC 9112, section 6.3); undefined where they do not say.
 *
 * @throws {HttpError} 400 or 501 on fields that contradict each other or name an unknown coding.
 *
 * @example
 * ```ts
 * import { bodyLength } from "@troupe/actors/protocols/http";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(bodyLength(new Map([["content-length", "5"]])), 5);
 * assertEquals(bodyLength(new Map([["transfer-encoding", "chunked"]])), "chunked");
 * ```
 */
export function bodyLength(headers: HttpHeaders): BodyLength | undefined {
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (coding !== undefined) {
    // Both together is how requests are smuggled past a proxy.
    if (length !== undefined) throw new HttpError(400, "both content-length and transfer-encoding were sent");
    if (coding.toLowerCase() !== "chunked") {
      throw new HttpError(501, "only the transfer coding chunked is known");
    }
    return "chunked";
  }
  if (length === undefined) return undefined;
  if (!/^\d{1,15}$/.test(length)) throw new HttpError(400, "the content-length is not a number");
  return Number(length);
}

/**
 * Whether a list of tokens, as in `Connection: keep-alive, Upgrade`, has one of them, in any case.
 *
 * @example
 * ```ts
 * import { hasToken } from "@troupe/actors/protocols/http";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hasToken("keep-alive, Upgrade", "upgrade"), true);
 * ```
 */
export function hasToken(value: string | undefined, token: string): boolean {
  return value !== undefined && value.toLowerCase().split(",").some((part) => part.trim() === token);
}

/**
 * The path and the query of a request's target (RFC 9112, section 3.2): `/path?query`, or the same after a
 * scheme and a host.
 *
 * The host, where there is one, takes the place of the header field `host` (section 3.2.2).
 *
 * @throws {HttpError} 400 on what is no path, and on a host that is empty or has a user before it.
 *
 * @example
 * ```ts
 * import { splitTarget } from "@troupe/actors/protocols/http";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(splitTarget("/search?q=a"), { path: "/search", query: "q=a" });
 * assertEquals(splitTarget("http://a.example"), { path: "/", query: "", host: "a.example" });
 * ```
 */
export function splitTarget(target: string): { path: string; query: string; host?: string } {
  const [origin = "", host] = /^https?:\/\/([^/?#]*)/i.exec(target) ?? [];
  if (host !== undefined && (host === "" || /[^\x21-\x7e]|@/.test(host))) {
    throw new HttpError(400, "the target has no valid host");
  }
  const rest = target.slice(origin.length);
  const fromPath = origin !== "" && !rest.startsWith("/") ? `/${rest}` : rest;
  if (!fromPath.startsWith("/") || /[^\x21-\x7e]/.test(fromPath)) {
    throw new HttpError(400, "the target is not a path");
  }
  const mark = fromPath.indexOf("?");
  const path = mark < 0 ? fromPath : fromPath.slice(0, mark);
  return {
    ...{ path, query: mark < 0 ? "" : fromPath.slice(mark + 1) },
    ...(host === undefined ? {} : { host }),
  };
}

/** What a response's head is made of. */
export interface ResponseHead {
  /** 100 to 599. */
  readonly status: number;
  /** Header fields in the order in which they are sent. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Writes the head of a response, with the empty line that ends it. Throws `TypeError` on a field that could
 * end early.
 *
 * @example
 * ```ts
 * import { encodeResponseHead } from "@troupe/actors/protocols/http";
 * import { assertEquals } from "@std/assert";
 *
 * const head = encodeResponseHead({ status: 204, headers: { "cache-control": "no-store" } });
 * assertEquals(head, "HTTP/1.1 204 No Content\r\ncache-control: no-store\r\n\r\n");
 * ```
 */
export function encodeResponseHead({ status, headers }: ResponseHead): string {
  return `HTTP/1.1 ${status} ${httpReason(status)}\r\n${encodeFields(headers)}\r\n`;
}

/** A request as a client sends it. */
export interface OutgoingRequest {
  /** The method. @default "GET" */
  readonly method?: string;
  /** Path and query, beginning with `/`. */
  readonly target: string;
  /** Header fields; `host` is needed. The length of the body is added. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body. @default none */
  readonly body?: Uint8Array;
}

/**
 * Writes a whole request. Throws `TypeError` on a field that could end early.
 *
 * @example
 * ```ts
 * import { encodeRequest } from "@troupe/actors/protocols/http";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeRequest({ target: "/a", headers: { host: "localhost" } });
 * assertEquals(new TextDecoder().decode(bytes), "GET /a HTTP/1.1\r\nhost: localhost\r\n\r\n");
 * ```
 */
export function encodeRequest(request: OutgoingRequest): Uint8Array<ArrayBuffer> {
  const { method = "GET", target, headers, body } = request;
  if (!isToken(method) || /[^\x21-\x7e]/.test(target)) {
    throw new TypeError(
      `Cannot send the request ${JSON.stringify(`${method} ${target}`)}: it is not of HTTP`,
    );
  }
  const length: Record<string, string> = body === undefined ? {} : { "content-length": String(body.length) };
  const head = new TextEncoder().encode(
    `${method} ${target} HTTP/1.1\r\n${encodeFields({ ...headers, ...length })}\r\n`,
  );
  const bytes = new Uint8Array(head.length + (body?.length ?? 0));
  bytes.set(head);
  if (body !== undefined) bytes.set(body, head.length);
  return bytes;
}

function encodeFields(headers: Readonly<Record<string, string>>): string {
  let text = "";
  for (const [name, value] of Object.entries(headers)) {
    if (!isToken(name) || CONTROL.test(value)) {
      throw new TypeError(`Cannot send the header field ${JSON.stringify(`${name}: ${value}`)}`);
    }
    text += `${name}: ${value}\r\n`;
  }
  return text;
}
