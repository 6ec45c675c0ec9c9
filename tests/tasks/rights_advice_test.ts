import { assert, assertEquals, assertMatch } from "@std/assert";
import { adviceOn, withAdvice } from "../../tasks/_rights_advice.ts";
import { root, runTask, startProcess } from "../_helpers.ts";

/** As Deno words it. */
function missing(kind: string, what: string): string {
  return `Cannot go on: Requires ${kind} access to "${what}", run again with the --allow-${kind} flag`;
}

Deno.test("rights: the advice names the task's command with what its set lists, and what is missing", () => {
  const certificate = withAdvice(missing("read", "/etc/tls/cert.pem"), "echo:server");
  assertMatch(
    certificate,
    / Run: deno run -q -P=echo --allow-read=\.env,[^ ]*,\/etc\/tls\/cert\.pem tasks\/echo_server\.ts …$/,
  );
  const host = withAdvice(missing("net", "203.0.113.5:80"), "echo:server");
  assertMatch(host, / --allow-net=127\.0\.0\.0\/8,[^ ]*,203\.0\.113\.5 tasks\/echo_server\.ts …$/);
  const data = withAdvice(missing("write", "/srv/data/chat.log"), "start");
  assertMatch(data, / -P=start --allow-read=\.,\/srv\/data --allow-write=\.,\/srv\/data tasks\/start\.ts …$/);
});

Deno.test("rights: no advice is given about the program's own files, nor where no right is missing", () => {
  for (const path of ["actors/x.txt", "./actors", `${root}deno.json`, ".tmp/data/../../deno.json"]) {
    assertMatch(
      withAdvice(missing("write", path), "editor:server"),
      /, and the program's own files are never given$/,
    );
    assertEquals(adviceOn(new Error(missing("write", path)), "editor:server"), undefined);
  }
  assertEquals(withAdvice("Cannot go on: it is broken", "echo:server"), "Cannot go on: it is broken");
  assertEquals(adviceOn("no error", "echo:server"), undefined);
});

Deno.test("rights: who keeps data elsewhere is told a command that has the right", async () => {
  // Nothing can be there, with whatever right: tests leave no files outside of the tree.
  for (
    const [task, ...args] of [
      ["chat:server", "--data-dir", "/etc/passwd/data", "--history", "chat.log"],
      ["editor:server", "--web-port", "off", "--file", "/etc/passwd/doc.txt"],
    ] as const
  ) {
    const flags = ["--host", "127.0.0.1", "--port", "0", ...args];
    const refused = await runTask(task, flags);
    assertEquals(refused.code, 1, refused.stderr);
    const [, command] = / Run: deno (run .*) …$/m.exec(refused.stderr) ?? [];
    assert(command !== undefined, refused.stderr);
    await using again = startProcess(Deno.execPath(), [...command.split(" "), ...flags], { cwd: root });
    const { code, stderr } = await again.ended();
    assertEquals(code, 1, stderr);
    assertMatch(stderr, /\/etc\/passwd/);
    assert(!stderr.includes("Requires"), stderr);
  }
});
