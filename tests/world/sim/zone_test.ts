import { assertEquals, assertMatch } from "@std/assert";
import { root } from "../../_helpers.ts";

async function hashesIn(timeZone: string): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "tests/world/sim/_zone_hashes.ts"],
    cwd: root,
    env: { TZ: timeZone, NO_COLOR: "1" },
  });
  const { stdout, stderr } = await command.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout);
}

Deno.test("simulate: the time zone of the machine that simulates changes no run", async () => {
  const [here, there] = await Promise.all([hashesIn("Asia/Kathmandu"), hashesIn("America/Los_Angeles")]);
  assertMatch(here, /^([0-9a-f]{16} ?){4}\n$/);
  assertEquals(here, there);
});
