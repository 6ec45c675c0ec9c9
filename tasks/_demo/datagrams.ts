import { datagramClient, type DatagramOutcome } from "../../actors/net/mod.ts";
import type { SocketAddress } from "../../actors/world/world.ts";
import { DidNotHappen, type Stage } from "../_stage.ts";

let asked = 0;

/** Asks a question in a datagram, prints it and its answer. */
export async function ask(stage: Stage, server: SocketAddress, text: string): Promise<string> {
  stage.says("client", text);
  const client = stage.start(`client-${++asked}`, datagramClient({ server, retryMs: 500 }));
  const outcome = await client.ask<DatagramOutcome>((replyTo) => ({ type: "ask", text, replyTo }), {
    timeoutMs: 4000,
  });
  if (outcome.type === "lost") throw new DidNotHappen(`an answer to ${text}`);
  stage.says("client", `⟵ ${outcome.text}`);
  return outcome.text;
}
