/**
 * A program on several cores, for the tests: rooms that count what is said in them and pass it on, and a word
 * that kills the thread it comes to.
 *
 * @module
 */
import { joinCluster, persistent, reply } from "../../actors/cluster/mod.ts";
import { tcpServer } from "../../actors/net/mod.ts";
import { ActorSystem, type Core, type Ref, run, topic } from "../../mod.ts";
import { lineFrames } from "../../protocols/frames.ts";

/** What a room is told. */
interface Say {
  readonly text: string;
  /** Another command of this name is the same one, sent again. */
  readonly operationId: string;
  readonly replyTo: Ref<number>;
}

const said = topic<{ readonly room: string; readonly text: string }>("said");

/** What each core runs. */
async function rooms({ world, engine, index }: Core): Promise<ActorSystem> {
  const system = new ActorSystem("rooms", { world });
  const room = persistent({
    type: "room",
    initial: () => 0,
    decide: (count: number, { text, replyTo }: Say) => ({
      events: [text],
      replies: [reply(replyTo, count + 1)],
    }),
    evolve: (count: number, _text: string) => count + 1,
  });
  const cluster = await joinCluster(system, { engine, types: [room], hostId: `core-${index}` });
  const server = tcpServer({
    address: { hostname: "127.0.0.1", port: 0 },
    limits: { maxClients: 10 },
    frames: () => lineFrames(),
    session: (connection) => {
      void cluster.subscribe(said, ({ room, text }) => connection.sendText(`${room}: ${text}\n`));
      return {
        async frame(line: string) {
          const [command, name = "", ...words] = line.split(" ");
          switch (command) {
            case "where":
              return connection.sendText(`core-${index}\n`);
            case "lives":
              return connection.sendText(`${(await cluster.where(room, name))?.owner.id}\n`);
            case "publish":
              return cluster.publish(said, { room: name, text: words.join(" ") });
            case "say": {
              const text = words.join(" ");
              const say = { text, operationId: crypto.randomUUID() };
              const count = await cluster.ref(room, name).ask(say, { timeoutMs: 30_000 });
              return connection.sendText(`${name} heard ${count}\n`);
            }
            case "crash":
              setTimeout(() => {
                throw new Error("told to crash");
              });
              return;
            case "stop":
              return void system.stop();
          }
        },
      };
    },
    onListening: ({ port }) =>
      world.log.write({
        level: "info",
        actor: "/rooms",
        message: `Rooms on port ${port}`,
        fields: { event: "listening" },
      }),
  });
  await system.started(system.spawn("server", server));
  return system;
}

if (import.meta.main) await run(rooms, { cores: Number(Deno.args[0]) });
