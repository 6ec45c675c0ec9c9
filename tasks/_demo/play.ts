/**
 * Plays the parts of a demo, one after the other.
 *
 * @module
 */
import type { World } from "../../actors/world/world.ts";
import { errorText } from "../../mod.ts";
import { Failure } from "../_cli.ts";
import { Stage } from "../_stage.ts";
import { paint } from "../_terminal.ts";
import { Printer } from "./printer.ts";
import type { Section } from "./section.ts";

/** Options of {@linkcode playAll}. */
export interface PlayOptions {
  /** With a pause after each line, for a talk. */
  readonly slow: boolean;
  readonly world: World;
  readonly signal: AbortSignal;
  /** How long all of it may take, whatever happens. */
  readonly limitMs: number;
  readonly opening: string;
  /** What is said when all happened as it should. */
  readonly closing: readonly string[];
}

const SLOW_LIMIT_MS = 600_000;

/** The pause after a line in a talk. */
const SLOW_MS = 400;

/** Plays them all; resolves to the exit code. */
export async function playAll(sections: readonly Section[], options: PlayOptions): Promise<number> {
  const { slow, world, signal } = options;
  const printer = new Printer(slow ? SLOW_MS : 0, signal);
  const begun = world.clock.monotonic();
  const limitMs = slow ? SLOW_LIMIT_MS : options.limitMs;
  printer.print(options.opening);
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  ended.catch(() => {});
  signal.addEventListener("abort", () => end(signal.reason));
  let isLate = false;
  const limit = world.clock.timer(limitMs, () => {
    isLate = true;
    end(new Failure(`the demo is not over after ${limitMs / 1000} s`));
  });
  const failed: string[] = [];
  for (const [index, section] of sections.entries()) {
    if (signal.aborted) return 1;
    if (!await play(section, index + 1, printer, ended)) failed.push(section.name);
    await printer.drained();
    if (isLate) break;
  }
  limit.cancel();
  const seconds = ((world.clock.monotonic() - begun) / 1000).toFixed(1);
  if (failed.length > 0) {
    printer.print(
      paint("red", `\nNot everything happened as it should: ${failed.join(", ")} (${seconds} s)`),
    );
    await printer.drained();
    return 1;
  }
  const parts = sections.length === 1 ? "" : `: ${sections.length} parts`;
  printer.print(
    paint(
      "bold",
      `\nThat was all of it${parts}, as ${sections.length === 1 ? "it" : "they"} should be (${seconds} s).`,
    ),
  );
  for (const line of options.closing) printer.print(line);
  await printer.drained();
  return 0;
}

/** Plays one section, until it is over or `ended` rejects; says whether all of it happened. */
async function play(
  section: Section,
  number: number,
  printer: Printer,
  ended: Promise<never>,
): Promise<boolean> {
  printer.print(`\n${paint("bold", `${number}. ${section.title}`)}\n   ${section.about}\n`);
  const stage = new Stage(section.name, printer);
  const playing = section.play(stage);
  try {
    await Promise.race([playing, ended]);
    return true;
  } catch (error) {
    printer.print(`  ${paint("red", "DID NOT HAPPEN:")} ${errorText(error)}`);
    return false;
  } finally {
    await stage[Symbol.asyncDispose]();
    // A section that was broken off clears away what it has begun beside the stage.
    await playing.catch(() => {});
  }
}
