/**
 * A chat on several cores, for the tests, with a second port where a word kills the thread that it comes to.
 *
 * @module
 */
import { chatEntities, chatServer } from "../../actors/chat/mod.ts";
import { joinCluster } from "../../actors/cluster/mod.ts";
import { tcpServer } from "../../actors/net/mod.ts";
import { ActorSystem, type Core, escalate, run } from "../../mod.ts";
import { lineFrames } from "../../protocols/frames.ts";

const address = { hostname: "127.0.0.1", port: 0 };

/** What each core runs. */
async function chat({ world, engine, index }: Core): Promise<ActorSystem> {
  const system = new ActorSystem("chat", { world });
  const cluster = await joinCluster(system, { engine, types: chatEntities });
  const server = system.spawn("server", chatServer({ address, cluster, rate: { perSecond: 0, burst: 1 } }), {
    onFailure: escalate(),
  });
  await system.started(server);
  const door = tcpServer({
    address,
    frames: () => lineFrames(),
    session: (connection) => ({
      frame(line: string) {
        if (line === "where") return connection.sendText(`core-${index}\n`);
        setTimeout(() => {
          throw new Error("told to crash");
        });
      },
    }),
    onListening: ({ port }) =>
      world.log.write({
        level: "info",
        actor: "/chat",
        message: `Crashes on port ${port}`,
        fields: { event: "listening" },
      }),
  });
  await system.started(system.spawn("door", door));
  return system;
}

if (import.meta.main) await run(chat, { cores: 2 });
