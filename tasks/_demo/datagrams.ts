import { datagramClient, type DatagramOutcome } from "../../actors/net/mod.ts";
import type { SocketAddress } from "../../actors/world/world.ts";
import type { Stage } from "../_stage.ts";

let asked = 0;

/** Asks a question in a datagram, prints it and its answer. */
export async function ask(stage: Stage, server: SocketAddress, text: string): Promise<string> {
  stage.says("client", text);
  const client = stage.start(`client-${++asked}`, datagramClient({ server, retryMs: 500 }));
  const outcome = await client.ask<DatagramOutcome>((replyTo) => ({ type: "ask", text, replyTo }), {
    timeoutMs: 4000,
  });
  const answer = outcome.type === "answered" ? outcome.text : "";
  stage.check(outcome.type === "answered", `an answer to ${text}`);
  stage.says("client", `⟵ ${answer}`);
  return answer;
}
