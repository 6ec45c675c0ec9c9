import { assertMatch, assertRejects } from "@std/assert";
import { simulate, SimulationFailure } from "../../actors/world/sim/mod.ts";
import { clusterCampaign, clusterUnderChaos } from "./cluster_campaign.ts";
import type { ClusterApi } from "./_cluster_list.ts";
import { runCampaign } from "./_harness.ts";
import { mutant, type Mutation } from "./_mutant.ts";

Deno.test("cluster under chaos: nothing answered is lost, nothing happens twice, no read is stale", async () => {
  await runCampaign(clusterCampaign, 40);
});

const LATE_OWNER = /an owner of epoch \d+ wrote after one of/;
const SPEAKS_LATE =
  /a read saw \d+ names, and \d+ were there|an owner of epoch \d+ told something after one of/;

/** Bugs that the campaign has to find, and by which of its demands. */
export const PLANTED: readonly (Omit<Mutation, "entry"> & { readonly bug: string; readonly by: RegExp })[] = [
  {
    bug: "a lease that is renewed after its time was up",
    by: SPEAKS_LATE,
    file: "actors/cluster/lease.ts",
    from: "if (clock.monotonic() - monotonic < lastsMs && clock.now() - wall < lastsMs) return true;",
    to: "if (monotonic + wall + lastsMs > 0) return true;",
  },
  {
    bug: "a journal that does not look at epochs",
    by: LATE_OWNER,
    file: "actors/cluster/journal.ts",
    from: "if (newestEpoch > epoch) throw new Fenced(entityText(entity));",
    to: "",
  },
  {
    bug: "a replay that stops early",
    by: /what was (answered|told) is kept/,
    file: "actors/cluster/replay.ts",
    from: "for (const { entries } of commits) {",
    to: "for (const { entries } of commits.slice(0, -1)) {",
  },
  {
    bug: "an engine that appends behind whatever is last",
    by: LATE_OWNER,
    file: "actors/cluster/engines/_memory_records.ts",
    from: "if (last !== tail) throw new Conflict(key);",
    // Each record names the one before it: that chain must not be what finds it.
    to: 'if (last !== tail) body = body.replace(/"previous":\\d+/, `"previous":${last}`);',
  },
  {
    bug: "a write of unknown outcome that is decided again without a look",
    by: /nothing happens twice/,
    file: "actors/cluster/persistent_actor.ts",
    from: "if (hasHappened) this.#answerAll(sure);",
    to: "if (false) this.#answerAll(sure);",
  },
];

for (const { bug, by, ...mutation } of PLANTED) {
  Deno.test(`cluster under chaos: ${bug} is found out`, async () => {
    // What the changed module exports is what the real one does.
    const api = await mutant({ ...mutation, entry: "actors/cluster/mod.ts" }) as unknown as ClusterApi;
    const { message } = await assertRejects(
      () => simulate("planted", { seeds: 200 }, (sim) => clusterUnderChaos(sim, api)),
      SimulationFailure,
    );
    assertMatch(message, by);
  });
}
