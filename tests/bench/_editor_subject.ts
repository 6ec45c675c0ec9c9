/**
 * A server to be measured, in a process of its own: the editor, or the least that passes lines on. For each
 * line of its input it prints what it has used so far.
 *
 * @module
 */
import { cpuUsage, memoryUsage } from "node:process";
import { editorServer } from "../../actors/editor/mod.ts";
import { ActorSystem, denoWorld, escalate } from "../../mod.ts";

/** One client of the floor: what is queued while a write is under way goes out as one. */
class FloorClient {
  readonly conn: Deno.TcpConn;
  #queue = new Uint8Array(65536);
  #spare = new Uint8Array(65536);
  #queued = 0;
  #isWriting = false;

  constructor(conn: Deno.TcpConn) {
    this.conn = conn;
  }

  send(bytes: Uint8Array): void {
    const needed = this.#queued + bytes.length;
    if (needed > this.#queue.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#queue.length));
      larger.set(this.#queue.subarray(0, this.#queued));
      this.#queue = larger;
    }
    this.#queue.set(bytes, this.#queued);
    this.#queued = needed;
    if (!this.#isWriting) this.#write();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#queued > 0) {
      const writing = this.#queue;
      let bytes = writing.subarray(0, this.#queued);
      this.#queue = this.#spare;
      this.#queued = 0;
      while (bytes.length > 0) bytes = bytes.subarray(await this.conn.write(bytes));
      this.#spare = writing;
    }
    this.#isWriting = false;
  }
}

/** A server that listens, and how many clients it knows. */
interface Server {
  readonly port: number;
  readonly clients: () => number;
}

/** Reads whole lines from everybody and sends them to everybody else. */
function floor(): Server {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clients = new Set<FloorClient>();
  const serve = async (client: FloorClient) => {
    const buffer = new Uint8Array(65536);
    let kept = 0;
    for (let count; (count = await client.conn.read(buffer.subarray(kept))) !== null;) {
      const end = kept + count;
      const whole = buffer.subarray(0, end).lastIndexOf(10) + 1;
      if (whole > 0) {
        const lines = buffer.subarray(0, whole);
        for (const other of clients) if (other !== client) other.send(lines);
      }
      buffer.copyWithin(0, whole, end);
      kept = end - whole;
    }
  };
  const accept = async () => {
    for await (const conn of listener) {
      conn.setNoDelay(true);
      const client = new FloorClient(conn);
      clients.add(client);
      serve(client).catch(() => {}).finally(() => clients.delete(client));
    }
  };
  accept();
  return { port: listener.addr.port, clients: () => clients.size };
}

function editor(file: string, sync: "always" | "never", level: "info" | "warn"): Promise<Server> {
  const system = new ActorSystem("bench", { world: denoWorld({ log: { level } }) });
  return new Promise((resolve) =>
    system.spawn(
      "server",
      editorServer({
        address: { hostname: "127.0.0.1", port: 0 },
        file,
        sync,
        limits: { maxClients: 5000 },
        // Who comes late is sent what was written before: nobody need be waited for.
        onListening: ({ port }) => resolve({ port, clients: () => Number.MAX_SAFE_INTEGER }),
      }),
      { onFailure: escalate() },
    )
  );
}

const [kind, file = "", level] = Deno.args;
const { port, clients } = kind === "floor"
  ? floor()
  : await editor(file, kind === "always" ? "always" : "never", level === "info" ? "info" : "warn");
console.error(JSON.stringify({ port, startMs: performance.now() }));
for await (const _ of Deno.stdin.readable) {
  const { user, system } = cpuUsage();
  console.error(
    JSON.stringify({ cpuMs: (user + system) / 1000, rss: memoryUsage().rss, clients: clients() }),
  );
}
Deno.exit(0);
