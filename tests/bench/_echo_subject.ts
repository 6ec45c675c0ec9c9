/**
 * An echo server to be measured, in a process of its own: Troupe's, the same with instruments (`metered`) and
 * with traces (`traced`), beside an actor that floods itself, or the least that echoes. For each line of its
 * input it prints what it has used so far.
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

/** A loop a connection. */
function floor(): number {
  const listener = Deno.listen(ADDRESS);
  const serve = async (conn: Deno.TcpConn) => {
    conn.setNoDelay(true);
    const buffer = new Uint8Array(65536);
    for (let count; (count = await conn.read(buffer)) !== null;) {
      for (let sent = 0; sent < count;) sent += await conn.write(buffer.subarray(sent, count));
    }
    conn.close();
  };
  const accept = async () => {
    for await (const conn of listener) serve(conn).catch(() => {});
  };
  accept();
  return listener.addr.port;
}

/** A loop over datagrams. */
function floorOfDatagrams(): number {
  const socket = Deno.listenDatagram({ ...ADDRESS, transport: "udp" });
  const serve = async () => {
    for await (const [bytes, from] of socket) await socket.send(bytes, from);
  };
  serve();
  return socket.addr.transport === "udp" ? socket.addr.port : NaN;
}

async function echo(kind: string | undefined): Promise<number> {
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
        limits: { maxClients: MAX_CLIENTS },
        udp: kind === "udp",
        maxPerSecond: MAX_PER_SECOND,
        onListening: ({ port }) => resolve(port),
      }),
      { onFailure: escalate() },
    )
  );
}

const [kind] = Deno.args;
const port = kind === "floor" ? floor() : kind === "udp floor" ? floorOfDatagrams() : await echo(kind);
console.log(port);
for await (const _ of Deno.stdin.readable) {
  const { user, system } = cpuUsage();
  console.log((user + system) / 1e6);
}
Deno.exit(0);
