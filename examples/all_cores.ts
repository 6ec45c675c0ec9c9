/**
 * A server on all cores of the machine: `deno run --unstable-net -A examples/all_cores.ts`, and then
 * `nc localhost 7070`. Lines sent to it are counted by word, each word on one core, wherever the client came
 * in.
 *
 * @module
 */
import { ActorSystem, type Core, type Ref, run } from "@troupe/actors";
import { joinCluster, placed } from "@troupe/actors/cluster";
import { tcpServer } from "@troupe/actors/net";
import { lineFrames } from "@troupe/actors/protocols/frames";

/** How often a word was said. Lives on one of the cores. */
export const word = placed<{ type: "said"; replyTo: Ref<number> }>({
  type: "word",
  behavior: () => () => {
    let count = 0;
    return ({ replyTo }) => replyTo.tell(++count);
  },
});

/** What each core runs. */
export async function counting({ world, engine, index }: Core, port: number): Promise<ActorSystem> {
  const system = new ActorSystem("words", { world });
  const cluster = await joinCluster(system, { engine, types: [word], hostId: `core-${index}` });
  const server = tcpServer({
    address: { hostname: "127.0.0.1", port },
    frames: () => lineFrames(),
    session: (connection) => ({
      async frame(text: string) {
        const count = await cluster.ref(word, text).ask({ type: "said" }, { timeoutMs: 5000 });
        connection.sendText(`core ${index}: ${text} was said ${count} times\n`);
      },
    }),
    onListening: (address) => {
      const message = `Counting on port ${address.port}`;
      world.log.write({ level: "info", actor: "/words", message, fields: { event: "listening" } });
    },
  });
  await system.started(system.spawn("server", server));
  return system;
}

if (import.meta.main) {
  await run((core) => counting(core, Number(Deno.args[0] ?? 7070)), { cores: navigator.hardwareConcurrency });
}
