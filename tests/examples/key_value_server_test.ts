import { assertEquals } from "@std/assert";
import { store, type StoreCommand } from "../../examples/key_value_server.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { tempDirectory } from "../_helpers.ts";
import { connectedText, startExample, stopped } from "./_program.ts";

Deno.test("examples: what the key-value store answered survives a hundred lives with power cuts", async () => {
  await simulate("key-value store", { seeds: 100 }, async (sim) => {
    let values: Ref<StoreCommand> | undefined;
    sim.host("server").start((world) => {
      values = new ActorSystem("kv", { world }).spawn("store", store("/values.log"));
    });
    const ask = <R>(make: (replyTo: Ref<R>) => StoreCommand) =>
      values === undefined
        ? Promise.reject(new Error("not started"))
        : values.ask<R>(make, { timeoutMs: 300 });
    const chaos = sim.chaos({ crashesPerMinute: 600, downMs: [10, 100] });
    const answered = new Map<string, string>();
    for (let index = 0; index < 50; index++) {
      const [key, value] = [`k${index % 7}`, String(index)];
      const isAnswered = await sim.settle(
        ask<null>((replyTo) => ({ type: "set", key, value, replyTo })).then(() => true),
        1000,
      ).catch(() => false);
      // Not answered, it may have been kept or not: only what was is held to.
      if (isAnswered) answered.set(key, value);
      else answered.delete(key);
      await sim.advance(10);
    }
    chaos.stop();
    await sim.advance(500);
    for (const [key, value] of answered) {
      assertEquals(await sim.settle(ask<string | null>((replyTo) => ({ type: "get", key, replyTo }))), value);
    }
  });
});

Deno.test("examples: the key-value server answers on a socket, and keeps what it answered", async () => {
  await using directory = await tempDirectory();
  const rights = ["--allow-net=127.0.0.1", "--allow-read=.", "--allow-write=."];
  for (
    const [said, heard] of [
      ["SET colour deep blue\nGET colour\n?\n", "OK\nVALUE deep blue\nERROR: GET key, or SET key value\n"],
      ["GET colour\nGET size\n", "VALUE deep blue\nNONE\n"],
    ] as const
  ) {
    await using program = startExample("key_value_server.ts", [directory.file("values.log"), "0"], rights);
    assertEquals(await connectedText(await program.port("listening"), said), heard);
    await stopped(program);
  }
});
