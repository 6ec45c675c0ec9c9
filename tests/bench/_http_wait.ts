/**
 * How long a process keeps a small request waiting, while it does something else.
 *
 * @module
 */

/** So long after each answer comes the next request. */
const PAUSE_MS = 1;

/** Milliseconds for each of many small requests, one after the other on one connection, while `work` runs. */
export async function httpWaits(port: number, path: string, work: Promise<unknown>): Promise<number[]> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  const request = new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  const buffer = new Uint8Array(65536);
  let isOver = false;
  const over = work.finally(() => isOver = true);
  const waits: number[] = [];
  while (!isOver) {
    const before = performance.now();
    await connection.write(request);
    if (await connection.read(buffer) === null) throw new Error("Cannot measure: the connection was closed");
    waits.push(performance.now() - before);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await over;
  return waits;
}
