import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { timeLeft } from "../../tasks/_time_left.ts";
import { available, root, runTask, startProcess, startTask, tempDirectory } from "../_helpers.ts";
import { Screen } from "./_screen.ts";

const DIRECTORY = ["--folder", "tests/tasks/_campaigns"];

Deno.test("simulate: a campaign that passes is told in one line, and ends with 0", async () => {
  const { code, stdout } = await runTask("simulate", [
    ...DIRECTORY,
    "--only",
    "that passes",
    "--seeds",
    "31",
  ]);
  assertMatch(stdout, /^31 runs, .*: all passed\n$/);
  assertEquals(code, 0);
});

Deno.test("simulate: a campaign with clients that stand on Yjs runs as any other", async () => {
  const { code, stdout } = await runTask("simulate", ["--only", "file follows its text", "--seeds", "1"]);
  assertMatch(stdout, /^1 runs, .*: all passed\n$/);
  assertEquals(code, 0);
});

Deno.test("simulate: a failure shows seed, trace and the command that runs it again, which fails alike", async () => {
  const { code, stdout } = await runTask("simulate", [...DIRECTORY, "--only", "that fails", "--seeds", "15"]);
  assertEquals(code, 1);
  assertStringIncludes(stdout, 'Cannot pass "fixture that fails" with seed 10: the seed ends in zero');
  assertStringIncludes(stdout, "about to look at the seed");
  const again = /deno task simulate (--only "(.*)" --seed (\d+))\n/.exec(stdout);
  assertEquals(again?.slice(2), ["fixture that fails", "10"]);
  const replay = await runTask("simulate", [
    ...DIRECTORY,
    "--only",
    again?.[2] ?? "",
    "--seed",
    again?.[3] ?? "",
  ]);
  assertEquals(replay.code, 1);
  assertStringIncludes(replay.stdout, "with seed 10: the seed ends in zero");
});

Deno.test("simulate: --list names the campaigns, and several are told one by one with their totals", async () => {
  const list = await runTask("simulate", [...DIRECTORY, "--list"]);
  assertEquals([list.code, list.stdout], [0, "fixture that fails\nfixture that passes\n"]);
  const { code, stdout } = await runTask("simulate", [...DIRECTORY, "--seeds", "12", "--workers", "1"]);
  assertEquals(code, 1);
  assertMatch(stdout, /^VIOLATION in "fixture that fails"\n/);
  assertStringIncludes(
    stdout,
    "\n  FAILED  fixture that fails (11 runs)\n  passed  fixture that passes (12 runs)\n",
  );
  assertMatch(stdout, /\n23 runs, .*: 1 failed\n$/);
});

Deno.test("simulate: a campaign goes on after a violation, and ends a worker's share after five", async () => {
  for (
    const [seeds, outcome] of [["30", "27 runs, .*: 3 failed"], ["95", "45 runs, .*: 5 failed"]] as const
  ) {
    const { stdout } = await runTask("simulate", [
      ...DIRECTORY,
      ...["--only", "that fails", "--seeds", seeds, "--workers", "1"],
    ]);
    assertMatch(stdout, new RegExp(`\n${outcome}\n$`));
    assertStringIncludes(stdout, "with seed 20: the seed ends in zero");
  }
});

Deno.test("simulate: what never occurred is told of, and fails a campaign of a thousand seeds", async () => {
  const misses = ["--folder", "tests/tasks/_missing_campaigns", "--seeds"];
  for (const [seeds, code, outcome] of [["999", 0, "passed"], ["1000", 1, "FAILED"]] as const) {
    const run = await runTask("simulate", [...misses, seeds]);
    assertEquals(run.code, code);
    const last = code === 0 ? "all passed" : "1 failed";
    const told = `  ${outcome}  fixture that misses something \\(${seeds} runs\\)\n     never  it rained`;
    assertMatch(run.stdout, new RegExp(`^${told}\n${seeds} runs, .*: ${last}\n$`));
  }
});

Deno.test("simulate: --inspect says which other campaigns it might have shown", async () => {
  await using shown = startTask("simulate", [...DIRECTORY, "--seed", "1", "--inspect"]);
  await shown.line("The first of 2 campaigns is shown");
  assertEquals(await shown.line("fixture that"), "  fixture that passes");
});

Deno.test("simulate: --fail-fast ends at the first violation, and runs no further campaign", async () => {
  const { code, stdout } = await runTask("simulate", [
    ...DIRECTORY,
    ...["--seeds", "30", "--workers", "1", "--fail-fast"],
  ]);
  assertEquals(code, 1);
  assertMatch(stdout, /^VIOLATION in "fixture that fails"\n/);
  assertMatch(stdout, /\n9 runs, .*: 1 failed\n$/);
});

Deno.test("simulate: time left is told in words, and of nothing nothing is told", () => {
  const told = [0, 0.5, 0.1, 0.01].map((done) => timeLeft(done, 40));
  assertEquals(told, ["", ", 40 s left", ", 6 min left", ", 66 min left"]);
});

Deno.test("simulate: a TROUPE_SEED that is no seed is an error, not a run without it", async () => {
  for (const seed of ["7x", "-1", "1e3", "99999999999999999999"]) {
    const script =
      `import { simulate } from "${root}actors/world/sim/mod.ts"; await simulate("x", { seeds: 1 }, async () => {});`;
    const args = ["eval", script];
    await using process = startProcess(Deno.execPath(), args, { env: { TROUPE_SEED: seed } });
    const { code, stderr } = await process.ended();
    assertEquals(code, 1);
    assertStringIncludes(stderr, `Cannot run TROUPE_SEED=${JSON.stringify(seed)}: a seed is a whole number`);
  }
});

Deno.test("simulate: the task runs the seed of TROUPE_SEED, or says what a seed is", async () => {
  const only = [...DIRECTORY, "--only", "that fails"];
  const one = await runTask("simulate", only, { env: { TROUPE_SEED: "10" } });
  assertEquals(one.code, 1);
  assertStringIncludes(one.stdout, "with seed 10: the seed ends in zero");
  for (const seed of ["7x", "-1", "1e3", "99999999999999999999"]) {
    const { code, stdout, stderr } = await runTask("simulate", only, { env: { TROUPE_SEED: seed } });
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, new RegExp(`^simulate: TROUPE_SEED: ["]?${seed}["]? [^\n]*\\d`));
  }
});

Deno.test({
  name: "simulate: Ctrl-C says how far it came, in the file that it is written into and at the terminal",
  ignore: !await available("tmux", "-V"),
  async fn() {
    await using directory = await tempDirectory();
    await using screen = await Screen.open(directory);
    const [, ...words] = config.tasks.simulate.command.split(" ");
    const args = [...DIRECTORY, "--seeds", "100000000", "--only", '"that passes"'];
    const output = directory.file("output");
    await screen.run(`${Deno.execPath()} ${words.join(" ")} ${args.join(" ")} > ${output}; echo "code $?"`);
    await screen.shows(/[1-9]\d* runs, [^]* of 100000000/);
    await screen.press("C-c");
    const text = await screen.shows(/^code \d+/m);
    assertMatch(text, /[1-9]\d* runs, [^]*of 100000000: stopped\n[^]*code 130/);
    assertMatch(
      await Deno.readTextFile(output),
      /^[1-9]\d* runs, .*: stopped before the end of 100000000\n$/,
    );
  },
});

Deno.test("simulate: an unknown campaign, or a folder without campaigns, is told in one line, and ends with 1", async () => {
  for (const args of [[...DIRECTORY, "--only", "nothing"], ["--folder", "tests/lint"]]) {
    const { code, stdout, stderr } = await runTask("simulate", args);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^Cannot simulate: no [^\n]*\n$/);
  }
});
