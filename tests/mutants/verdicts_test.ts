import { assertEquals } from "@std/assert";
import { changeOf, isKilled, rateOf, type Verdict, Verdicts } from "../../tasks/_verdicts.ts";
import { tempDirectory } from "../_helpers.ts";
import type { Mutant } from "./mutant.ts";

const MUTANT: Mutant = { what: "it never ends", file: "a.ts", from: "break;", to: ";" };

function verdict(mutant: Mutant, found: Pick<Verdict, "tests" | "campaigns">): Verdict {
  return { room: "store", what: mutant.what, file: mutant.file, change: changeOf(mutant), ...found };
}

Deno.test("mutate: what is known of a mutant is known to the next run, until the mutant is written anew", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("verdicts");
  const first = await Verdicts.read(path);
  assertEquals(first.of("store", MUTANT), undefined);
  await first.add(verdict(MUTANT, { campaigns: null }));
  await first.add(verdict(MUTANT, { campaigns: null, tests: "log file: it ends" }));
  const second = await Verdicts.read(path);
  assertEquals(second.of("store", MUTANT)?.tests, "log file: it ends");
  assertEquals(second.of("records", MUTANT), undefined);
  assertEquals(second.of("store", { ...MUTANT, to: "continue;" }), undefined);
});

Deno.test("mutate: the rate counts who was killed by anybody, and by simulation alone of those asked", () => {
  const verdicts = [
    verdict(MUTANT, { campaigns: "seed 1", tests: undefined }),
    verdict(MUTANT, { campaigns: null, tests: "a test" }),
    verdict(MUTANT, { campaigns: null, tests: null }),
    verdict(MUTANT, { tests: null }),
  ];
  assertEquals(verdicts.map(isKilled), [true, true, false, false]);
  assertEquals(
    rateOf("store", verdicts),
    "store: 2 of 4 (50 %) killed, by simulation alone 1 of 3 (33 %)",
  );
});
