/**
 * A server to be measured, in a process of its own: the editor, or the least that passes lines on. For each
 * line of its input it prints what it has used so far.
 *
 * @module
 */
import { cpuUsage, memoryUsage } from "node:process";
import { editorServer } from "../../actors/editor/mod.ts";
import { ActorSystem, denoWorld, escalate } from "../../mod.ts";
import { serveFloor } from "./_floor_client.ts";

/** A server that listens, and how many clients it knows. */
interface Server {
  readonly port: number;
  /** The port of the web door, where it is open. */
  readonly web?: number;
  readonly clients: () => number;
}

/** Sends what everybody writes to everybody else. */
function floor(): Server {
  const { port, clients } = serveFloor({ hostname: "127.0.0.1", port: 0 }, (lines, from, clients) => {
    for (const other of clients) if (other !== from) other.send(lines);
  });
  return { port, clients: () => clients.size };
}

async function editor(kind: string, file: string, level: "info" | "warn"): Promise<Server> {
  const system = new ActorSystem("bench", { world: denoWorld({ log: { level } }) });
  const [line, web] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  system.spawn(
    "server",
    editorServer({
      address: { hostname: "127.0.0.1", port: 0 },
      file,
      sync: kind === "never" ? "never" : "always",
      limits: { maxClients: 5000 },
      onListening: ({ port }) => line.resolve(port),
      ...(kind !== "web" ? {} : {
        web: {
          address: { hostname: "127.0.0.1", port: 0 },
          // As the service has it: loaded when the first client of this door comes.
          replica: async () => (await import("../../actors/editor/yjs_replica.ts")).yjsReplica,
          onListening: ({ port }) => web.resolve(port),
        },
      }),
    }),
    { onFailure: escalate() },
  );
  // Who comes late is sent what was written before: nobody need be waited for.
  const server = { port: await line.promise, clients: () => Number.MAX_SAFE_INTEGER };
  return kind === "web" ? { ...server, web: await web.promise } : server;
}

const [kind, file = "", level] = Deno.args;
const { port, web, clients } = kind === "floor"
  ? floor()
  : await editor(kind ?? "", file, level === "info" ? "info" : "warn");
console.error(JSON.stringify({ port, web, startMs: performance.now() }));
for await (const _ of Deno.stdin.readable) {
  const { user, system } = cpuUsage();
  console.error(
    JSON.stringify({ cpuMs: (user + system) / 1000, rss: memoryUsage().rss, clients: clients() }),
  );
}
Deno.exit(0);
