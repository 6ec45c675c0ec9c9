import { assertEquals } from "@std/assert";
import { knockServer } from "../../actors/knock/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { ActorSystem, escalate } from "../../mod.ts";
import { deadline, TestClient } from "../_helpers.ts";

Deno.test("knock: every knock is asked who is there", async () => {
  await using system = new ActorSystem("knock", { world: denoWorld({ log: { level: "error" } }) });
  const { promise, resolve } = Promise.withResolvers<number>();
  const address = { hostname: "127.0.0.1", port: 0 };
  system.spawn("server", knockServer({ address, onListening: ({ port }) => resolve(port) }), {
    onFailure: escalate(),
  });
  using client = await TestClient.connect(await deadline(promise, undefined, "listening"));
  // An old client ends nothing.
  await client.send("Knock Knock..");
  assertEquals(await client.line(), "Whose there?");
  await client.send("Knock Knock..\nKnock Knock..\n");
  await client.closeWrite();
  assertEquals(await client.rest(), "Whose there?\nWhose there?\n");
});
