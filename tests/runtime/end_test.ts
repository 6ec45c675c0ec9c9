import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { root, startProcess } from "../_helpers.ts";

function start(program: string) {
  const config = ["--config", `${root}deno.json`];
  return startProcess(Deno.execPath(), [
    "run",
    "-q",
    "--no-check",
    "--no-prompt",
    ...config,
    `${root}tests/runtime/_ends.ts`,
    program,
  ]);
}

async function outcome(program: string) {
  await using process = start(program);
  const { code, stdout, stderr } = await process.ended();
  return { code, stdout, stderr };
}

for (const program of ["over budget", "over budget, awaited stop"]) {
  Deno.test(`end: a system that dies unseen says so with its stack and cause, and exits 1 (${program})`, async () => {
    const { code, stderr } = await outcome(program);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "[ERROR] The system /program has failed: the last failure");
    assertMatch(stderr, /\n {4}at .*_ends\.ts:\d+/);
    assertStringIncludes(stderr, "its cause");
  });
}

Deno.test("end: a failure that costs a life alone says where and why; what the world refuses is one line", async () => {
  const { code, stderr } = await outcome("restarted");
  assertEquals(code, 0);
  const [ofCode = "", refused = ""] = stderr.trimEnd().split(/^(?=\[ERROR\] Actor )/m);
  assertMatch(
    ofCode,
    /^\[ERROR\] Actor \/program\/a failed \(message\): the last failure; decision: restart\n/,
  );
  assertMatch(ofCode, /\n {4}at .*_ends\.ts:\d+/);
  assertMatch(ofCode, /\n {4}Caused by: Error: its cause\n {4}at .*_ends\.ts:\d+/);
  assertMatch(
    refused,
    /^\[ERROR\] Actor \/program\/b failed .*: Cannot serve: the port is in use; decision: restart$/,
  );
});

Deno.test("end: a right that is missing is said, and is exit 1", async () => {
  const { code, stderr } = await outcome("no right");
  assertEquals(code, 1);
  assertStringIncludes(stderr, "[ERROR] The system /program has failed: ");
  assertStringIncludes(stderr, "--allow-net");
});

Deno.test("end: a failure that cannot be described is exit 1 all the same, and not the end in the middle", async () => {
  const { code, stderr } = await outcome("something strange");
  assertEquals(code, 1);
  assertStringIncludes(stderr, "[ERROR] The system /program has failed: ");
});

for (const program of ["taken", "taken late"]) {
  Deno.test(`end: where somebody has ${program} the failure, it is theirs: exit 0, and no stack`, async () => {
    const { code, stdout, stderr } = await outcome(program);
    assertEquals(code, 0);
    assertEquals(stdout, "taken: the last failure\n");
    assert(!stderr.includes("has failed"));
  });
}

Deno.test("run: a system that fails is one line and exit 1", async () => {
  const { code, stderr } = await outcome("run");
  assertEquals(code, 1);
  const [last] = stderr.trim().split("\n").slice(-1);
  assertEquals(last, "[ERROR] the last failure");
});

Deno.test("dead letters: a few are logged, and how many more there were", async () => {
  const { code, stdout } = await outcome("dead letters");
  assertEquals(code, 0);
  const lines = stdout.trim().split("\n");
  assertEquals(lines.slice(0, -1), Array(5).fill('[WARN] Dead letter for /program/a (stopped): "late"'));
  assertEquals(lines.at(-1), "[WARN] 95 more dead letters");
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`run: ${signal} stops the system, in order, and is exit 0`, async () => {
    await using process = start("served");
    await process.line("serving");
    process.kill(signal);
    const { code, stdout } = await process.ended();
    assertEquals([code, stdout], [0, `serving\n${signal}\nreleased\nall: true\n`]);
  });
}

Deno.test("run: what does not stop in time is given up, and the process ends", async () => {
  await using process = start("hung");
  await process.line("serving");
  process.kill("SIGTERM");
  const { code, stdout } = await process.ended();
  assertEquals([code, stdout], [0, "serving\nall: false\n"]);
});

for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`run: a second signal, ${signal}, ends a process that drains at once, with ${exitCode}`, async () => {
    await using process = start("stubborn");
    await process.line("serving");
    process.kill("SIGTERM");
    await process.line("still draining");
    process.kill(signal);
    const { code, stdout } = await process.ended();
    assertEquals([code, stdout], [exitCode, "serving\ndraining\nstill draining\n"]);
  });
}
