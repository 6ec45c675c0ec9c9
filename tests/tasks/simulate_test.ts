import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runTask } from "../_helpers.ts";

const FOLDER = ["--folder", "tests/tasks/_campaigns"];

Deno.test("simulate: a campaign that passes is told in one line, and ends with 0", async () => {
  const { code, stdout } = await runTask("simulate", [...FOLDER, "--only", "that passes", "--seeds", "31"]);
  assertMatch(stdout, /^31 runs, .*: all passed\n$/);
  assertEquals(code, 0);
});

Deno.test("simulate: a failure shows seed, trace and the command that runs it again, which fails alike", async () => {
  const { code, stdout } = await runTask("simulate", [...FOLDER, "--only", "that fails", "--seeds", "15"]);
  assertEquals(code, 1);
  assertStringIncludes(stdout, 'Cannot pass "fixture that fails" with seed 10: the seed ends in zero');
  assertStringIncludes(stdout, "about to look at the seed");
  const again = /deno task simulate (--only "(.*)" --seed (\d+))\n/.exec(stdout);
  assertEquals(again?.slice(2), ["fixture that fails", "10"]);
  const replay = await runTask("simulate", [
    ...FOLDER,
    "--only",
    again?.[2] ?? "",
    "--seed",
    again?.[3] ?? "",
  ]);
  assertEquals(replay.code, 1);
  assertStringIncludes(replay.stdout, "with seed 10: the seed ends in zero");
});

Deno.test("simulate: a campaign that is none, and a folder without any, are one line and exit 1", async () => {
  for (const args of [[...FOLDER, "--only", "nothing"], ["--folder", "tests/lint"]]) {
    const { code, stdout, stderr } = await runTask("simulate", args);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^Cannot simulate: no [^\n]*\n$/);
  }
});
