import { assertEquals, assertMatch } from "@std/assert";
import { startTask } from "../_helpers.ts";

Deno.test("cluster:demo: kills a server of each kind, shows that nothing was lost, and ends by itself with 0", async () => {
  await using demo = startTask("cluster:demo");
  const { code, stdout, stderr } = await demo.ended(150_000);
  assertEquals([code, stderr], [0, ""], stdout);
  assertMatch(stdout, /kill -9 of server one/);
  assertMatch(stdout, /all \d+ lines .*are in the history/);
  assertMatch(stdout, /as it should be/);
});
