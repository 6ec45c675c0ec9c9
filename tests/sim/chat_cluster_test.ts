import { assert, assertMatch, assertRejects } from "@std/assert";
import { simulate, SimulationFailure } from "../../actors/world/sim/mod.ts";
import { chatCluster } from "./chat_cluster_campaign.ts";
import { runCampaign } from "./_harness.ts";
import { mutant } from "./_mutant.ts";

Deno.test("chat of many servers: nothing heard is lost, nothing is said twice, a name is one person's", async () => {
  await runCampaign(chatCluster, 24);
});

Deno.test("chat of many servers: the seed that has found something once", async () => {
  // A room that could not hear its news at its start stayed deaf, and let nobody in.
  await runCampaign(chatCluster, [20031]);
});

const PLANTED = [
  {
    bug: "a room that tells what it has not kept yet",
    // Lost, and another line is in its place; or that somebody was given up.
    by:
      /which the room has lost|the line after one that a server did not hear|heard .* where .* was said|cut off/,
    file: "actors/chat/cluster/room_entity.ts",
    from: "then: () => tell(context, state.seq, records) };",
    to: "then: (tell(context, state.seq, records), undefined) };",
  },
  {
    bug: "a server that takes what it hears for all that was said",
    // Of those who missed that they were let in, nobody is in.
    by: /heard .* where .* was said|everybody to be in/,
    file: "actors/chat/cluster/room_mirror.ts",
    from: "if (this.#seq < 0 || from > this.#seq + 1) return false;",
    to: "if (this.#seq < 0) return false; this.#seq = Math.max(this.#seq, from - 1);",
  },
];

for (const { bug, by, ...mutation } of PLANTED) {
  Deno.test(`chat of many servers: ${bug} is found out`, async () => {
    const { chatCluster: planted } = await mutant({
      ...mutation,
      entry: "tests/sim/chat_cluster_campaign.ts",
    });
    assert(isCampaign(planted));
    const run = () => simulate("planted", { seeds: 50 }, planted.run);
    assertMatch((await assertRejects(run, SimulationFailure)).message, by);
  });
}

function isCampaign(value: unknown): value is typeof chatCluster {
  return typeof value === "object" && value !== null && "run" in value && typeof value.run === "function";
}
