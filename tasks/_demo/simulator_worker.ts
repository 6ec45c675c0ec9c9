/**
 * A bug that is a number, found in the simulator; what there is to see is told to who has started this
 * worker. In a simulation nobody else may look at a clock: the demo does, and hears of Ctrl-C, in a thread of
 * its own.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import {
  formatTrace,
  simulate,
  SimulationFailure,
  type SimulationSummary,
  type TraceEvent,
} from "../../actors/world/sim/mod.ts";
import { LogFile } from "../../actors/store/mod.ts";
import { ActorSystem, type Behavior, errorText, type Ref } from "../../mod.ts";

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

/** What is told, and at last how it ended. */
export type Told =
  | { readonly type: "says"; readonly who: string; readonly text: string }
  | { readonly type: "note"; readonly text: string }
  /** All of it happened; or it did not, and what should have. */
  | { readonly type: "over"; readonly missing?: string };

function tell(told: Told): void {
  self.postMessage(told);
}

/** Tells it all; gives what did not happen. */
async function play(): Promise<string | undefined> {
  const found = await failure(SEEDS);
  if (found === undefined) return "a power cut loses a count";
  tell({ type: "says", who: "seed", text: `${found.seed}: ${errorText(found.cause)}` });
  const story = found.trace.filter(tellsTheStory).slice(-SHOWN_LINES);
  for (const line of formatTrace(story).trimEnd().split("\n")) tell({ type: "note", text: line.trimEnd() });
  const again = await failure([found.seed]);
  if (again === undefined || formatTrace(again.trace) !== formatTrace(found.trace)) {
    return "the same seed gives the same trace";
  }
  tell({ type: "says", who: "again", text: `seed ${found.seed}, and the same trace, event for event` });
  const { seeds, virtualMs } = await count("sync", SEEDS);
  const minutes = (virtualMs / 60_000).toFixed(0);
  const text = `with sync in place of flush: ${seeds} seeds, ${minutes} minutes of power cuts,`;
  tell({ type: "says", who: "sync", text });
  tell({ type: "says", who: "", text: "and no count is lost" });
  return undefined;
}

const missing = await play();
tell({ type: "over", ...(missing !== undefined && { missing }) });
