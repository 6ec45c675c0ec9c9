/**
 * HTTP requests of the real world.
 *
 * @module
 */
import { request as nodeRequest } from "node:http";
import { followRedirects, type Message } from "../redirects.ts";
import { worldError } from "./error.ts";

/**
 * Ports that `fetch` refuses (Fetch standard, "bad port"), because other protocols live there.
 *
 * 10080 is one of them: the HTTP port of the first peer when nobody says otherwise.
 */
const BAD_PORTS: ReadonlySet<number> = new Set(
  ("1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 " +
    "137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 " +
    "1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080")
    .split(" ").map(Number),
);
const NO_BODY: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** As `fetch`, to any port. Rejects with a `WorldError`, or with the reason of the request's signal. */
export async function fetchAnywhere(request: Request): Promise<Response> {
  try {
    return await fetched(request);
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    // The reason is in the cause: `fetch` itself only ever says "error sending request".
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw worldError(`fetch ${request.url}`, cause);
  }
}

function fetched(request: Request): Promise<Response> {
  // Node's own `fetch` keeps connections, and fails when the server has closed one meanwhile.
  const keepsConnections = !("Deno" in globalThis);
  return followRedirects(
    request,
    (url, message) =>
      url.protocol === "http:" && (keepsConnections || BAD_PORTS.has(Number(url.port)))
        ? fetchByNode(url, message, request.signal)
        : fetch(url, {
          method: message.method,
          headers: message.headers,
          body: message.body ?? null,
          redirect: "manual",
          signal: request.signal,
        }),
  );
}

/** By Node's client, which knows no bad ports. */
function fetchByNode(url: URL, message: Message, signal: AbortSignal): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const headers = Object.fromEntries(message.headers);
  const outgoing = nodeRequest(url, { method: message.method, headers, signal, agent: false }, (incoming) => {
    const status = incoming.statusCode ?? 500;
    const answered = new Headers();
    for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
      answered.append(incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? "");
    }
    const isEmpty = NO_BODY.has(status) || message.method === "HEAD";
    if (isEmpty) incoming.resume();
    resolve(
      new Response(isEmpty ? null : ReadableStream.from<Uint8Array<ArrayBuffer>>(incoming), {
        status,
        statusText: incoming.statusMessage ?? "",
        headers: answered,
      }),
    );
  });
  outgoing.on("error", reject);
  outgoing.end(message.body);
  return promise;
}
