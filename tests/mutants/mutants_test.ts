// First, as in the campaigns that need it: it takes chance when it is loaded.
import "yjs";
import { assert, assertEquals } from "@std/assert";
import { campaignFiles, campaignsOf } from "../../tasks/_campaigns.ts";
import { ROOMS } from "./mod.ts";

const root = new URL("../../", import.meta.url);

Deno.test("mutants: there are at least 150, each with a story of its own", () => {
  const all = Object.values(ROOMS).flatMap(({ mutants }) => mutants);
  assert(all.length >= 150, `${all.length}`);
  assertEquals(new Set(all.map(({ what }) => what)).size, all.length);
  assert(all.every(({ from, to }) => from !== to));
});

Deno.test("mutants: the table keeps up with the code (`deno task mutate --check` names what is stale)", async () => {
  const all = Object.values(ROOMS).flatMap(({ mutants }) => mutants);
  const stale: string[] = [];
  for (const { file, from, what } of all) {
    const source = await Deno.readTextFile(new URL(file, root)).catch(() => "");
    if (!source.includes(from)) stale.push(`${file}: ${what}`);
  }
  // The rates count what was found of it once.
  assertEquals(stale, []);
});

Deno.test("mutants: what is to kill them is there", async () => {
  const known = await campaignsOf(await campaignFiles(new URL("tests/sim", root).pathname));
  const names = new Set(known.map(({ name }) => name));
  for (const [name, { tests, campaigns }] of Object.entries(ROOMS)) {
    for (const path of tests) {
      assert(await Deno.stat(new URL(path, root)).catch(() => undefined), `${name}: ${path}`);
    }
    for (const [campaign, seeds] of campaigns) {
      assert(names.has(campaign) && seeds > 0, `${name}: ${campaign}`);
    }
  }
});
