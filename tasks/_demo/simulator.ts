import {
  formatTrace,
  simulate,
  SimulationFailure,
  type SimulationSummary,
  type TraceEvent,
} from "../../actors/world/sim/mod.ts";
import { LogFile } from "../../actors/store/mod.ts";
import { ActorSystem, type Behavior, type Ref } from "../../mod.ts";
import type { Section } from "./section.ts";

/** Enough to find a power cut at the wrong moment. */
const SEEDS = 100;
/** How much of the trace is looked at, and how many of the events that tell the story are shown. */
const TRACE_LINES = 80;
const SHOWN_LINES = 9;

/** The machine's fate, what is written, and what the counter says. */
function tellsTheStory({ actor, event }: TraceEvent): boolean {
  return actor === "fault" || actor === "test" || /^(write|sync)/.test(event);
}

/** A counter that answers when the new total is written, or, with `sync`, when it is on the disk. */
function counter(durably: "flush" | "sync"): Behavior<{ readonly replyTo: Ref<number> }> {
  return async (self) => {
    let total = 0;
    const log = await LogFile.open(self.world.disk, "/total", { form: "framed", replay: () => total++ });
    self.onStop(() => log.close());
    return async ({ replyTo }) => {
      log.append("one more");
      await log[durably]();
      replyTo.tell(++total);
    };
  };
}

/** Counts on a machine that loses power again and again. */
function count(durably: "flush" | "sync", seeds: number | Iterable<number>): Promise<SimulationSummary> {
  return simulate("counter", { seeds, traceLines: TRACE_LINES }, async (sim) => {
    let ask = (): Promise<number> => Promise.reject(new Error("not started"));
    sim.host("server").start((world) => {
      const ref = new ActorSystem("counter", { world }).spawn("counter", counter(durably));
      ask = () => ref.ask({}, { timeoutMs: 500 });
    });
    const chaos = sim.chaos({ crashesPerMinute: 600, downMs: [10, 100] });
    let answered = 0;
    for (let i = 0; i < 100; i++) {
      const answer = await sim.settle(ask(), 1000).catch(() => undefined);
      if (answer === undefined) continue;
      sim.note(`the counter says ${answer}`);
      if (answer <= answered) throw new Error(`it had said ${answered} before`);
      answered = answer;
      await sim.advance(10);
    }
    chaos.stop();
  });
}

/** Counts with one seed after the other until a count is lost. */
async function failure(seeds: number | Iterable<number>): Promise<SimulationFailure | undefined> {
  try {
    await count("flush", seeds);
    return undefined;
  } catch (error) {
    if (error instanceof SimulationFailure) return error;
    throw error;
  }
}

/** The simulator. */
export const simulatorSection: Section = {
  name: "simulator",
  title: "The simulator: a bug that is a number",
  about:
    "A counter answers when its total is written, not when it is on the disk. Its machine loses power, again and again.",
  async play(stage) {
    // In a simulation nobody else may look at a clock.
    await stage.quiet();
    const found = await failure(SEEDS);
    if (found === undefined) return stage.check(false, "a power cut loses a count");
    stage.says("seed", `${found.seed}: ${found.cause instanceof Error ? found.cause.message : found.cause}`);
    const story = found.trace.filter(tellsTheStory).slice(-SHOWN_LINES);
    for (const line of formatTrace(story).trimEnd().split("\n")) stage.note(line.trimEnd());
    await stage.quiet();
    const again = await failure([found.seed]);
    stage.check(
      again !== undefined && formatTrace(again.trace) === formatTrace(found.trace),
      "the same seed gives the same trace",
    );
    stage.says("again", `seed ${found.seed}, and the same trace, event for event`);
    await stage.quiet();
    const { seeds, virtualMs } = await count("sync", SEEDS);
    stage.says(
      "sync",
      `with sync in place of flush: ${seeds} seeds, ${
        (virtualMs / 60_000).toFixed(0)
      } minutes of power cuts,`,
    );
    stage.says("", "and no count is lost");
  },
};
