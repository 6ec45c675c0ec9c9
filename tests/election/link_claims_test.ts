import { assertEquals } from "@std/assert";
import { LinkClaims } from "../../actors/election/link_claims.ts";
import { LinkConnections } from "../../actors/election/link_connections.ts";
import type { LinkConnection, LinkConnectionCommand } from "../../actors/election/link_messages.ts";
import { ActorSystem, denoWorld } from "../../mod.ts";
import { until } from "../_helpers.ts";

Deno.test("peer link: each stranger in a node's name costs the real one a single question", async () => {
  await using system = new ActorSystem("claims", { world: denoWorld({ log: { level: "error" } }) });
  const asked: string[] = [];
  const connection = (name: string): LinkConnection => ({
    actor: system.spawn<LinkConnectionCommand>(name, () => (command) => {
      if (command.type === "say" && command.message.type === "claim") asked.push(command.message.nonce);
    }),
    remote: name,
  });
  const connections = new LinkConnections<LinkConnection>(true);
  const claims = new LinkClaims(connections);
  const proved = connection("proved");
  connections.add(proved, true, "up", 0, "own");
  const nonces = Array.from({ length: 8 }, (_, index) => `nonce-${index}`);
  for (const nonce of nonces) {
    connections.add(connection(nonce), false, "unproved", 0, nonce);
    claims.ask(0, nonce);
  }
  await until(() => asked.length >= nonces.length, "the questions");
  assertEquals(asked, nonces);
});
