/**
 * Every service, with real clients over real sockets: what they say to each other, in a minute's reading.
 *
 * @module
 */
import { errorText } from "../mod.ts";
import { defineTask, Failure, runClient } from "./_cli.ts";
import type { Section } from "./_demo/section.ts";
import { Stage } from "./_stage.ts";
import { paint } from "./_terminal.ts";
import { services } from "./services/mod.ts";

const SECTIONS: readonly Section[] = services.flatMap(({ demo }) => demo === undefined ? [] : [demo]);

/** The command line. */
export const task = defineTask({
  name: "demo",
  summary: "Starts every service, lets real clients talk to it, prints what is said, and ends",
  env: "DEMO",
  flags: {},
});

/** How long the demo may take, whatever happens. */
const LIMIT_MS = 19_000;

/** Plays one section; says whether all of it happened. */
async function play(section: Section, number: number): Promise<boolean> {
  console.log(`\n${paint("bold", `${number}. ${section.title}`)}\n   ${section.about}\n`);
  try {
    await using stage = new Stage(section.name);
    await section.play(stage);
    return true;
  } catch (error) {
    console.log(
      `  ${paint("red", "DID NOT HAPPEN:")} ${errorText(error)}`,
    );
    return false;
  }
}

if (import.meta.main) {
  await runClient(task, async (_options, { world, signal }) => {
    const begun = world.clock.monotonic();
    world.clock.timer(LIMIT_MS, () => {
      throw new Failure(`The demo is not over after ${LIMIT_MS / 1000} s: something hangs`);
    });
    console.log(
      "Troupe: actors on the wire. Each service runs here, on a port of its own, with real clients.",
    );
    const failed: string[] = [];
    for (const [index, section] of SECTIONS.entries()) {
      if (signal.aborted) return 1;
      if (!await play(section, index + 1)) failed.push(section.name);
    }
    const seconds = ((world.clock.monotonic() - begun) / 1000).toFixed(1);
    if (failed.length > 0) {
      console.log(
        paint("red", `\nNot everything happened as it should: ${failed.join(", ")} (${seconds} s)`),
      );
      return 1;
    }
    console.log(
      paint("bold", `\nThat was all of it: ${SECTIONS.length} services, as they should be (${seconds} s).`),
    );
    console.log(
      "Start them for yourself: deno task start. Each alone: deno task chat:server, deno task chat:client, …",
    );
    return 0;
  });
}
