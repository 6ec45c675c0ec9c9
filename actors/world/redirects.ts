/**
 * HTTP redirects, followed the same way in every world.
 *
 * @module
 */
import { failure } from "./failure.ts";

/** One hop of a request. */
export interface Message {
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

const MAX_REDIRECTS = 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Sends `request` by `once`, and goes where the answers point, unless the request says not to (Fetch
 * standard, §4.4).
 */
export async function followRedirects(
  request: Request,
  once: (url: URL, message: Message) => Promise<Response>,
): Promise<Response> {
  const headers = new Headers(request.headers);
  let { method } = request;
  let body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
  let url = new URL(request.url);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await once(url, { method, headers, body });
    const location = response.headers.get("location");
    if (request.redirect !== "follow" || location === null || !REDIRECTS.has(response.status)) {
      return response;
    }
    await response.body?.cancel();
    const next = URL.parse(location, url.href);
    // A server must not point at this machine's disk, for one.
    if (next === null || !/^https?:$/.test(next.protocol)) {
      throw failure("invalid-data", `fetch ${request.url}, which points to ${location}`);
    }
    // Credentials were meant for the first server alone.
    if (next.origin !== url.origin) { for (const name of ["authorization", "cookie"]) headers.delete(name); }
    url = next;
    if (response.status === 303 || (response.status < 303 && method === "POST")) {
      method = "GET";
      body = undefined;
      headers.delete("content-type");
      headers.delete("content-length");
    }
  }
  throw failure("other", `fetch ${request.url} through so many redirects`);
}
