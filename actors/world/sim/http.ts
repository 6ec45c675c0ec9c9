/**
 * Requests of HTTP in the simulated world: over simulated TCP, so that what a network does to bytes it does
 * to them.
 *
 * @module
 */
import { encodeRequest, HttpError } from "../../../protocols/http.ts";
import { type HttpReply, httpReply, type HttpReplyDecoder } from "../../../protocols/http_decoder.ts";
import { failure } from "../failure.ts";
import type { Net, TcpConnection } from "../net.ts";
import { followRedirects, type Message } from "../redirects.ts";

const READ_BYTES = 1 << 16;
/** Buffers that no request reads into now: to make one takes longer than most answers. */
const freeBuffers: Uint8Array[] = [];
const MAX_FREE_BUFFERS = 128;
/** Statuses whose responses have no body (Fetch standard, "null body status"). */
const BODILESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** Sends a request, follows redirects as `fetch` does, and gives the answer. */
export function simFetch(net: Pick<Net, "connectTcp">, request: Request): Promise<Response> {
  return followRedirects(request, (url, message) => fetchOnce(net, url, message, request.signal));
}

async function fetchOnce(
  net: Pick<Net, "connectTcp">,
  url: URL,
  message: Message,
  signal: AbortSignal,
): Promise<Response> {
  const isTls = url.protocol === "https:";
  const connection = await net.connectTcp({
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    ...(isTls ? { tls: {} } : {}),
    signal,
  });
  const abort = () => connection.close();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await writeAll(connection, encode(url, message));
    const reply = await readReply(connection, message.method);
    if (reply === undefined) throw failure("connection-reset", `fetch ${url}`);
    return responseOf(reply);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HttpError) throw failure("invalid-data", `fetch ${url}: ${error.message}`);
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    connection.close();
  }
}

function encode(url: URL, { method, headers, body }: Message): Uint8Array {
  return encodeRequest({
    method,
    target: url.pathname + url.search,
    headers: { ...Object.fromEntries(headers), host: url.host, connection: "close" },
    ...(body === undefined ? {} : { body }),
  });
}

async function writeAll(connection: TcpConnection, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** The reply, or undefined where the stream ended before it was whole. */
async function readReply(connection: TcpConnection, method: string): Promise<HttpReply | undefined> {
  const decoder = httpReply({ method });
  const buffer = freeBuffers.pop() ?? new Uint8Array(READ_BYTES);
  try {
    while (decoder.reply === undefined) {
      const count = await connection.read(buffer);
      if (count === null) return endOf(decoder);
      decoder.push(buffer.subarray(0, count));
    }
    return decoder.reply;
  } finally {
    if (freeBuffers.length < MAX_FREE_BUFFERS) freeBuffers.push(buffer);
  }
}

/** A reply without a length is whole at the end of the stream, and no other. */
function endOf(decoder: HttpReplyDecoder): HttpReply | undefined {
  try {
    decoder.end();
    return decoder.reply;
  } catch {
    return undefined;
  }
}

function responseOf({ status, headers, body }: HttpReply): Response {
  return new Response(BODILESS.has(status) ? null : body.slice(), { status, headers: [...headers] });
}
