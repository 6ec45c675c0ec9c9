/**
 * Fetching small things over HTTP: answers of trackers, lists, `.torrent` files.
 *
 * @module
 */
import { joinBytes } from "../../protocols/_join_bytes.ts";
import { errorText, type World, WorldError } from "../world/world.ts";

/** Options of {@linkcode httpGet}. */
export interface HttpGetOptions {
  /** Milliseconds that it may take. */
  readonly timeoutMs: number;
  /** The most bytes of the body. */
  readonly maxBytes: number;
  /** What is known already: the answer is then 304, without a body. */
  readonly etag?: string;
  /** Gives it up. */
  readonly signal: AbortSignal;
}

/** An answer. */
export interface HttpAnswer {
  /** 200 and the like. */
  readonly status: number;
  /** What the server calls this state of it. */
  readonly etag: string | undefined;
  /** The body. */
  readonly bytes: Uint8Array;
}

/**
 * Gets an address; redirections are followed.
 *
 * @throws {WorldError} when no answer comes in time, or one that is too large.
 */
export async function httpGet(
  world: Pick<World, "net" | "clock">,
  url: string,
  options: HttpGetOptions,
): Promise<HttpAnswer> {
  const { timeoutMs, maxBytes, etag, signal } = options;
  const late = new AbortController();
  const timer = world.clock.timer(
    timeoutMs,
    () => late.abort(new WorldError("timed-out", `Cannot get ${url}: no answer in ${timeoutMs} ms`)),
  );
  try {
    const request = new Request(url, {
      signal: AbortSignal.any([signal, late.signal]),
      headers: etag === undefined ? {} : { "if-none-match": etag },
    });
    const response = await world.net.fetch(request);
    return {
      status: response.status,
      etag: response.headers.get("etag") ?? undefined,
      bytes: await readBody(response, url, maxBytes),
    };
  } catch (error) {
    if (error instanceof WorldError || signal.aborted) throw error;
    throw new WorldError("other", `Cannot get ${url}: ${errorText(error)}`, { cause: error });
  } finally {
    timer.cancel();
  }
}

async function readBody(response: Response, url: string, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  if (response.body !== null) {
    for await (const part of response.body) {
      length += part.length;
      if (length > maxBytes) {
        throw new WorldError("too-large", `Cannot get ${url}: it is over ${maxBytes} bytes`);
      }
      parts.push(part);
    }
  }
  return joinBytes(parts);
}
