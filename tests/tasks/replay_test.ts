import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, restart } from "../../mod.ts";
import type { Campaign } from "../../tasks/_campaigns.ts";
import { CampaignReplay } from "../../tasks/_replay.ts";
import { editor } from "../sim/editor_campaign.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { until } from "../_helpers.ts";

/** Two machines: on one an actor fails at two seconds; in the end the campaign finds fault. */
const failing: Campaign = {
  name: "failing",
  async run(sim: SimWorld) {
    const idle = sim.host("idle");
    idle.start((world) => new ActorSystem("calm", { world }));
    sim.host("weak").start((world) => {
      const system = new ActorSystem("service", { world });
      system.spawn<"tick" | "fail">("worker", (self) => {
        self.every(500, "tick");
        self.after(2000, "fail");
        return (message) => {
          if (message === "fail") throw new Error("at two seconds");
        };
      }, { onFailure: restart({ limit: 100, withinMs: 60_000 }) });
      return system;
    });
    await sim.advance(3000);
    throw new Error("Cannot pass: this campaign never does");
  },
};

/** Lets it go on, and waits until it has. */
async function step(replay: CampaignReplay, events: number, until_?: "failure"): Promise<void> {
  const before = replay.state.events;
  replay.step({ events, ...(until_ === undefined ? {} : { until: until_ }) });
  await until(() => replay.state.events > before && replay.state.state !== "runs", "the step");
}

Deno.test("replay: a run goes on one event at a time, and shows each machine's tree", async () => {
  const replay = new CampaignReplay(failing, 1);
  const over = replay.run();
  await until(() => replay.state.state === "waits", "the beginning");
  assertEquals(replay.state.events, 0);
  assertEquals(replay.hosts().map(({ name }) => name), ["idle", "weak"]);
  await step(replay, 1);
  assertEquals(replay.state.events, 1);
  while (replay.sim.now < 1000) await step(replay, 1);
  assertEquals(replay.sim.now, 1000);
  const [, weak] = replay.hosts();
  assertEquals(weak?.system.tree().children.map(({ path, handled }) => [path, handled]), [[
    "/service/worker",
    2,
  ]]);
  replay.sim.close();
  void over;
});

Deno.test("replay: to the next failure, and then to the end of a run that fails, whose trees stay", async () => {
  const replay = new CampaignReplay(failing, 2);
  const over = replay.run();
  await until(() => replay.state.state === "waits", "the beginning");
  await step(replay, 1_000_000, "failure");
  assertEquals([replay.sim.now, replay.state.state], [2000, "waits"]);
  const { news } = replay.feed.after({ failures: 0, deadLetters: 0, restarts: 0, log: 0 });
  assertEquals(news.failures.map(({ host, actor, error, time }) => [host, actor, error, time]), [
    ["weak", "/service/worker", "at two seconds", 2000],
  ]);
  assert(news.log.some(({ host, level }) => host === "weak" && level === "error"));
  replay.step({ events: 1_000_000 });
  await over;
  assertEquals(replay.state.state, "failed");
  assertStringIncludes(replay.state.problem ?? "", "this campaign never does");
  assertEquals(replay.hosts()[1]?.system.tree().children.length, 1);
  replay.sim.close();
});

Deno.test("replay: a step that is asked for while another is under way changes nothing of that", async () => {
  const replay = new CampaignReplay(failing, 3);
  const over = replay.run();
  await until(() => replay.state.state === "waits", "the beginning");
  replay.step({ events: 1_000_000, until: "failure" });
  // Another page, or an impatient finger.
  replay.step({ events: 1 });
  await until(() => replay.state.state !== "runs", "the step");
  assertEquals([replay.sim.now, replay.state.state], [2000, "waits"]);
  replay.sim.close();
  void over;
});

Deno.test("replay: a run that is stepped through is the run of its seed, event by event", async () => {
  let hash = "";
  await simulate(editor.name, { seeds: [11], progress: (run) => hash = run.hash }, (sim) => editor.run(sim));
  const replay = new CampaignReplay(editor, 11);
  const over = replay.run();
  await until(() => replay.state.state === "waits", "the beginning");
  for (let index = 0; index < 20; index++) await step(replay, 1);
  replay.step({ events: 1_000_000 });
  await over;
  assertEquals([replay.state.state, replay.sim.trace.hash], ["passed", hash]);
  replay.sim.close();
});
