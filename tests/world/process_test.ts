import { assert, assertEquals } from "@std/assert";
import { deadline, root } from "../_helpers.ts";

function run(script: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--unstable-net", `${root}tests/world/${script}`],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("denoWorld: a right that is missing is permission-denied, and the message names the flag", async () => {
  const { stdout, stderr } = await deadline(run("_no_rights.ts").output());
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  assertEquals(lines.length, 9, new TextDecoder().decode(stderr));
  for (const line of lines) {
    assert(/^\w+ permission-denied Cannot .*--allow-(net|read|write)/.test(line), line);
  }
});

Deno.test("denoWorld: a reader of the log that goes away ends nothing, and a slow one misses no line", async () => {
  const deserted = run("_log_flood.ts");
  const reader = deserted.stdout.getReader();
  await deadline(reader.read());
  await reader.cancel();
  await deserted.stderr.cancel();
  assertEquals((await deadline(deserted.status)).code, 0);
  const { stdout, code } = await deadline(run("_log_flood.ts").output());
  assertEquals(code, 0);
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  assertEquals(lines.length, 20_000);
  assertEquals(lines.at(-1)?.slice(0, 13), "[INFO] 199.99");
});
