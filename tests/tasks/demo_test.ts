import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { playAll } from "../../tasks/_demo/play.ts";
import type { Section } from "../../tasks/_demo/section.ts";
import { DidNotHappen, Stage } from "../../tasks/_stage.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { knockServer } from "../../actors/knock/mod.ts";
import config from "../../deno.json" with { type: "json" };
import { available, startTask, tempDirectory } from "../_helpers.ts";
import { Screen } from "./_screen.ts";

Deno.test("demo: shows a lost count, every service, a kill -9 and a restart, and ends by itself with 0", async () => {
  await using demo = startTask("demo");
  const { code, stdout, stderr } = await demo.ended(60_000);
  assertEquals([code, stderr], [0, ""], stdout);
  const parts = [
    "The simulator",
    "Echo",
    "Collaborative editor",
    "Peers",
    "Student records",
    "Chat room",
    "Calculator",
    "Clock",
    "Joke",
    "Knock-knock",
    "kill -9",
    "A supervised restart",
  ];
  for (const part of parts) {
    assertMatch(stdout, new RegExp(`^\\d+\\. ${part}`, "m"));
  }
  assertMatch(stdout, /as they should be/);
  assertMatch(stdout, /^deno task editor:server has a page: http:\/\/localhost:8088\/$/m);
  assertMatch(stdout, /^deno task chat:server has a page: http:\/\/localhost:8089\/$/m);
  assertMatch(stdout, / +seed {2}\d+: it had said \d+ before\n[^]*power cut[^]*the counter says \d+\n/);
  assertMatch(stdout, /kill -9: (\d+) lines had been read[^]*each of the \1 is among them\n/);
});

Deno.test({
  name: "demo: Ctrl-C ends it quietly, in the simulator too",
  ignore: !await available("tmux", "-V"),
  async fn() {
    await using directory = await tempDirectory();
    await using screen = await Screen.open(directory);
    const command = config.tasks.demo.command.replace("deno run", `${Deno.execPath()} run`);
    const run = command.replace("$(deno eval 'console.log(Deno.execPath())')", Deno.execPath());
    // Line by line, so that none has gone from the screen before it is looked for.
    for (const moment of [/^1\. The simulator/m, / seed {2}\d+: /]) {
      await screen.run(`clear; ${run} --slow; echo "code $?"`);
      await screen.shows(moment);
      await screen.press("C-c");
      const text = await screen.shows(/code \d+$/m);
      assertMatch(text, /code 130$/m);
      assert(!/DID NOT HAPPEN|Cannot|error/.test(text), text);
    }
  },
});

Deno.test("demo: what it says should be heard and is not, is a failure", async () => {
  await using stage = new Stage("test");
  const server = await stage.serve("server", knockServer);
  const client = await stage.client(server);
  client.send("Knock Knock..");
  let failure: unknown;
  try {
    await stage.hears("client", client, "Nobody's there.");
  } catch (error) {
    failure = error;
  }
  assertEquals(failure instanceof DidNotHappen, true);
});

Deno.test("demo: a stage that is over ends the process that was on its way, and starts no other", async () => {
  const stage = new Stage("test");
  const start = () =>
    stage.process("tasks/knock_server.ts", ["--host", "127.0.0.1", "--port", "0"], ["-P=knock"]);
  const starting = assertRejects(start, DidNotHappen, "the stage is over");
  await stage[Symbol.asyncDispose]();
  await starting;
  // That none is left running, the test runner sees: it fails a test that leaves a process or a read behind.
  await assertRejects(start, DidNotHappen, "the stage is over");
});

Deno.test("demo: one that reaches its limit says so, and its parts clear away before it returns", async () => {
  const events: string[] = [];
  const part: Section = {
    name: "endless",
    title: "Endless",
    about: "Waits for what never comes.",
    async play(stage) {
      try {
        await stage.soon(new Promise(() => {}), "never");
      } finally {
        events.push("cleared away");
      }
    },
  };
  const never: Section = { ...part, play: () => Promise.resolve(void events.push("played")) };
  const code = await playAll([part, never], {
    ...{ slow: false, world: denoWorld(), signal: new AbortController().signal },
    ...{ limitMs: 10, opening: "", closing: [] },
  });
  assertEquals([code, events], [1, ["cleared away"]]);
});
