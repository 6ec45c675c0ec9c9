/**
 * A bot in the chat room: it logs in, answers `!roll` and `!time`, and comes back by itself when the server
 * was away.
 *
 *     deno task chat:server
 *     deno run --allow-net=127.0.0.1 examples/chat_bot.ts
 *
 * @module
 */
import { ActorSystem, type Behavior, run } from "@troupe/actors";
import { dialer } from "@troupe/actors/net";
import { lineFrames } from "@troupe/actors/protocols/frames";

/** What the bot says to a line of the chat; `null` for nothing. */
export function answerTo(line: string, chance: number, now: Date): string | null {
  const [, who, command] = /^(\S+): !(\w+)$/.exec(line) ?? [];
  if (command === "roll") return `${who} rolls ${1 + Math.floor(chance * 6)}`;
  if (command === "time") return `it is ${now.toISOString().slice(11, 16)} UTC`;
  return null;
}

/** Keeps a connection to a chat server, and answers there. */
export function chatBot(address: { hostname: string; port: number }, name: string): Behavior<never> {
  return (self) => {
    self.spawn(
      "connection",
      dialer({
        address,
        reconnect: { minMs: 200, maxMs: 5000, jitter: 0.2 },
        up: () => self.log.info(`In the room as ${name}`),
        down: ({ retryInMs }) => self.log.warn(`The server is away; trying again in ${retryInMs} ms`),
        frames: () => lineFrames(),
        session: (connection) => {
          const { world: { clock, random } } = connection.context;
          connection.sendText(`${name}\n`);
          return {
            frame(line) {
              const answer = answerTo(line, random.next(), new Date(clock.now()));
              if (answer !== null) connection.sendText(`${answer}\n`);
            },
          };
        },
      }),
    );
    return () => {};
  };
}

if (import.meta.main) {
  const [port = "5000", name = "dice"] = Deno.args;
  const system = new ActorSystem("bot");
  system.spawn("bot", chatBot({ hostname: "127.0.0.1", port: Number(port) }, name));
  await run(system);
}
