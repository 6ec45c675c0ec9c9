/**
 * An echo server to be measured, in a process of its own: Troupe's, the same with instruments (`metered`) and
 * with traces (`traced`), beside an actor that floods itself, or the least that echoes (for silent peers with
 * small buffers); by TCP, UDP, or TLS, which takes the files of a certificate and of its key.
 *
 * For each line of its input it prints what it has used so far.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { echoServer } from "../../actors/echo/mod.ts";
import { ActorSystem, denoWorld, escalate } from "../../mod.ts";
import { instrumentsOf } from "./_instruments.ts";

/** More than any benchmark makes. */
const MAX_CLIENTS = 100_000;
const MAX_PER_SECOND = 1e9;
const ADDRESS = { hostname: "127.0.0.1", port: 0 };

interface Tls {
  readonly cert: string;
  readonly key: string;
}

/** For many messages at once; and what a connection that says nothing can do with. */
const BUFFER_BYTES = 65536;
const IDLE_BUFFER_BYTES = 512;

/** A loop a connection. */
function floor(bufferBytes: number, tls?: Tls): number {
  const listener = tls === undefined ? Deno.listen(ADDRESS) : Deno.listenTls({ ...ADDRESS, ...tls });
  const serve = async (conn: Deno.TcpConn | Deno.TlsConn) => {
    if ("setNoDelay" in conn) conn.setNoDelay(true);
    const buffer = new Uint8Array(bufferBytes);
    for (let count; (count = await conn.read(buffer)) !== null;) {
      for (let sent = 0; sent < count;) sent += await conn.write(buffer.subarray(sent, count));
    }
    conn.close();
  };
  const accept = async () => {
    for await (const conn of listener) serve(conn).catch(() => {});
  };
  accept();
  const { addr } = listener;
  return addr.transport === "tcp" ? addr.port : NaN;
}

/** A loop over datagrams. */
function floorOfDatagrams(): number {
  const socket = Deno.listenDatagram({ ...ADDRESS, transport: "udp" });
  const serve = async () => {
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (;;) {
      const [bytes, from] = await socket.receive(buffer);
      await socket.send(bytes, from);
    }
  };
  serve();
  return socket.addr.transport === "udp" ? socket.addr.port : NaN;
}

async function echo(kind: string | undefined, tls?: Tls): Promise<number> {
  const world = denoWorld({ log: { level: "warn" } });
  const system = new ActorSystem("bench", { world, instruments: await instrumentsOf(kind) });
  if (kind === "flooded") {
    system.spawn<number>("flood", (self) => (count) => self.self.tell(count + 1)).tell(0);
  }
  return new Promise((resolve) =>
    system.spawn(
      "server",
      echoServer({
        address: ADDRESS,
        ...(tls && { tls }),
        limits: { maxClients: MAX_CLIENTS },
        udp: kind === "udp",
        maxPerSecond: MAX_PER_SECOND,
        onListening: ({ port }) => resolve(port),
      }),
      { onFailure: escalate() },
    )
  );
}

const [kind, certFile, keyFile] = Deno.args;
const tls = kind?.startsWith("tls") && certFile !== undefined && keyFile !== undefined
  ? { cert: Deno.readTextFileSync(certFile), key: Deno.readTextFileSync(keyFile) }
  : undefined;
const port = kind === "udp floor"
  ? floorOfDatagrams()
  : kind?.endsWith("floor")
  ? floor(kind === "idle floor" ? IDLE_BUFFER_BYTES : BUFFER_BYTES, tls)
  : await echo(kind, tls);
console.log(port);
for await (const _ of Deno.stdin.readable) {
  const { user, system } = cpuUsage();
  console.log((user + system) / 1e6);
}
Deno.exit(0);
