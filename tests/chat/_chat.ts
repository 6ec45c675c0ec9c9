/**
 * A chat of its own for a test, and people in it.
 *
 * @module
 */
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { chatServer, type ChatServerOptions } from "../../actors/chat/mod.ts";
import type { RealWorldOptions } from "../../actors/world/real/world.ts";
import { ActorSystem, escalate } from "../../mod.ts";
import { deadline, TestClient } from "../_helpers.ts";

/** A running chat. */
export interface TestChat extends AsyncDisposable {
  readonly port: number;
  readonly system: ActorSystem;
  /** Connects and logs in. */
  enter(name: string): Promise<TestClient>;
}

/** Starts a chat on a port of its own, without a limit on how fast one may talk unless told. */
export async function startChat(
  { log = { level: "error" }, ...options }: Partial<ChatServerOptions & Pick<RealWorldOptions, "log">> = {},
): Promise<TestChat> {
  const system = new ActorSystem("chat", { world: denoWorld({ log }) });
  const { promise: port, resolve } = Promise.withResolvers<number>();
  system.spawn(
    "server",
    chatServer({
      address: { hostname: "127.0.0.1", port: 0 },
      rate: { perSecond: 0, burst: 1 },
      onListening: (address) => resolve(address.port),
      ...options,
    }),
    { onFailure: escalate() },
  );
  const bound = await deadline(
    Promise.race([port, system.terminated.then(() => port)]),
    undefined,
    "listening",
  );
  return {
    port: bound,
    system,
    async enter(name) {
      const client = await TestClient.connect(bound);
      await client.send(`${name}\n`);
      // A login has no answer, but what is said after it has.
      await client.send("/who\n");
      let answer = await client.line();
      // Others may come at the same time.
      while (answer?.endsWith(" has joined the chat.")) answer = await client.line();
      if (!answer?.startsWith("In lobby:")) throw new Error(`Cannot log in as ${name}: ${answer}`);
      return client;
    },
    [Symbol.asyncDispose]: () => system.stop(),
  };
}

/** The next `count` lines. */
export async function linesOf(client: TestClient, count: number): Promise<(string | null)[]> {
  const lines = [];
  for (let index = 0; index < count; index++) lines.push(await client.line());
  return lines;
}
