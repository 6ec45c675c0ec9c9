/**
 * A chat to be measured, in a process of its own: Troupe's, or the least that passes lines on as its doors
 * do. Prints the ports of its line and its IRC door; for each line of its input, the CPU time it has used so
 * far.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { chatServer } from "../../actors/chat/mod.ts";
import { ActorSystem, denoWorld, escalate } from "../../mod.ts";
import { type FloorClient, serveFloor } from "./_floor_client.ts";

const ADDRESS = { hostname: "127.0.0.1", port: 0 };
/** As long as what our IRC door says of where somebody comes from. */
const HIDDEN = "~n@0123456789ab.hidden";

/** Sends each line, behind its writer's name as this door writes it, to everybody else. */
function floor(door: "line" | "irc"): number {
  const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
  const names = new Map<FloorClient, string>();
  return serveFloor(ADDRESS, (lines, from, clients) => {
    const name = names.get(from) ?? `n${names.size}`;
    names.set(from, name);
    for (const line of decoder.decode(lines).split("\n").slice(0, -1)) {
      const bytes = encoder.encode(
        door === "irc" ? `:${name}!${HIDDEN} ${line}\n` : `${name}: ${line}\n`,
      );
      for (const other of clients) if (other !== from) other.send(bytes);
    }
  }).port;
}

async function chat(): Promise<{ line: number; irc: number }> {
  const system = new ActorSystem("bench", { world: denoWorld({ log: { level: "error" } }) });
  const [line, irc] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  const behavior = chatServer({
    address: ADDRESS,
    rate: { perSecond: 0, burst: 1 },
    onListening: ({ port }) => line.resolve(port),
    irc: { address: ADDRESS, onListening: ({ port }) => irc.resolve(port) },
  });
  system.spawn("server", behavior, { onFailure: escalate() });
  return { line: await line.promise, irc: await irc.promise };
}

const ports = Deno.args[0] === "floor" ? { line: floor("line"), irc: floor("irc") } : await chat();
console.log(JSON.stringify(ports));
for await (const _ of Deno.stdin.readable) {
  const { user, system } = cpuUsage();
  console.log(String((user + system) / 1000));
}
Deno.exit(0);
