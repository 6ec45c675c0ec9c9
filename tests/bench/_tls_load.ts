/**
 * Load for an echo server over TLS, in a process of its own. Called with the port, the connections, the
 * messages that are sent on each at once, and the file of the certificate. For each line of its input,
 * milliseconds, it runs for so long and prints what passed.
 *
 * @module
 */
import type { Passed } from "./_load.ts";

const MESSAGE_BYTES = 64;
const [port = "", connections = "", window = "", certFile = ""] = Deno.args;
const caCerts = [Deno.readTextFileSync(certFile)];
const message = new TextEncoder().encode(`${"x".repeat(MESSAGE_BYTES - 1)}\n`.repeat(Number(window)));

const conns = await Promise.all(
  Array.from(
    { length: Number(connections) },
    () => Deno.connectTls({ hostname: "localhost", port: Number(port), caCerts }),
  ),
);

async function send(conn: Deno.TlsConn, messages: number): Promise<void> {
  const bytes = message.subarray(0, messages * MESSAGE_BYTES);
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

/** Sends so many messages at once, and so many more once all are answered, until the time is over. */
async function talk(conn: Deno.TlsConn, end: number): Promise<number> {
  const buffer = new Uint8Array(65536);
  let [messages, bytes, underWay] = [0, 0, Number(window)];
  await send(conn, underWay);
  while (underWay > 0) {
    bytes += await conn.read(buffer) ?? Number.NaN;
    const whole = Math.floor(bytes / MESSAGE_BYTES);
    if (Number.isNaN(bytes)) throw new Error("Cannot go on: the server has closed the connection");
    bytes -= whole * MESSAGE_BYTES;
    messages += whole;
    underWay -= whole;
    if (performance.now() >= end || underWay > 0) continue;
    underWay = Number(window);
    await send(conn, underWay);
  }
  return messages;
}

console.log("ready");
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const begun = performance.now();
  const counts = await Promise.all(conns.map((conn) => talk(conn, begun + Number(text))));
  const passed: Pick<Passed, "messages" | "seconds"> = {
    messages: counts.reduce((sum, count) => sum + count, 0),
    seconds: (performance.now() - begun) / 1000,
  };
  console.log(JSON.stringify(passed));
}
Deno.exit(0);
