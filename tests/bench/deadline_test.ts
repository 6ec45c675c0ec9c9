/**
 * A run that hangs.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { deadline, PATIENCE_MS, root, startProcess } from "../_helpers.ts";

Deno.test("benchmarks: one that never ends is named and ended, with its processes, after what was shown", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const script = `${root}tests/bench/_endless.ts`;
  await using run = startProcess(Deno.execPath(), ["run", "-q", "-A", script, `${listener.addr.port}`]);
  using held = await deadline(listener.accept(), PATIENCE_MS, "the process of the benchmark");
  const { code, stdout, stderr } = await run.ended();
  assertEquals(code, 1);
  assertMatch(stdout, /a figure \(ms\) +1/);
  assertStringIncludes(stderr, 'Cannot go on: "never ends" has not ended within 5 s');
  assertMatch(stderr, /Killed, it still ran: .*eval/);
  const end = deadline(held.read(new Uint8Array(1)), PATIENCE_MS, "the end of that process");
  assertEquals(await end.catch((error) => error instanceof Deno.errors.ConnectionReset ? null : error), null);
});
