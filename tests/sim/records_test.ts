import { assert, assertRejects } from "@std/assert";
import type { recordsServer } from "../../actors/records/mod.ts";
import { simulate, SimulationFailure } from "../../actors/world/sim/mod.ts";
import { runCampaign } from "./_harness.ts";
import { mutant } from "./_mutant.ts";
import { records, recordsCampaign } from "./records_campaign.ts";

Deno.test("records under chaos: what was answered stays, and files and record file agree", async () => {
  await runCampaign(records, 56);
});

Deno.test("records under chaos: the seeds that have found something once", async () => {
  // 3010387: what was deleted by hand while it was refreshed came back.
  // 3000760: a server that had stood still for long has many connections; the oracle took that for wrong.
  await runCampaign(records, [3000760, 3010387]);
});

for (
  const { what, file, from, to } of [
    {
      what: "gives a file its name before its content is safe",
      file: "actors/store/atomic_file.ts",
      from: "await file.sync();",
      to: "",
    },
    {
      what: "answers before the file's name is safe",
      file: "actors/records/record.ts",
      from: "names.sync()",
      to: "Promise.resolve()",
    },
  ]
) {
  Deno.test(`records under chaos: a store that ${what} is found out`, async () => {
    const { recordsServer: broken } = await mutant({ entry: "actors/records/server.ts", file, from, to });
    assert(isServer(broken));
    const campaign = recordsCampaign(`records store that ${what}`, broken);
    await assertRejects(() => simulate(campaign.name, { seeds: 200 }, campaign.run), SimulationFailure);
  });
}

function isServer(value: unknown): value is typeof recordsServer {
  return typeof value === "function";
}
