/**
 * What Troupe is about, in a minute's reading: a bug that is a number, every service with real clients over
 * real sockets,
 * a process that is killed, an actor that is mended.
 *
 * @module
 */
import { errorText } from "../mod.ts";
import { defineTask, Failure, runClient, toggle } from "./_cli.ts";
import { killSection } from "./_demo/kill.ts";
import { Printer } from "./_demo/printer.ts";
import type { Section } from "./_demo/section.ts";
import { simulatorSection } from "./_demo/simulator.ts";
import { supervisionSection } from "./_demo/supervision.ts";
import type { Service } from "./_service.ts";
import { Stage } from "./_stage.ts";
import { paint } from "./_terminal.ts";
import { services } from "./services/mod.ts";

/** A service that has no part of its own is played by what its manifest has for the tests. */
function sectionOf({ name, summary, transport, demo, smoke }: Service): Section[] {
  if (demo !== undefined) return [demo];
  if (smoke === undefined || transport === "udp") return [];
  return [{
    name,
    title: summary,
    about: `deno task ${name}:server`,
    play: (stage) => stage.talk(name, smoke),
  }];
}

const SECTIONS: readonly Section[] = [
  simulatorSection,
  ...services.flatMap(sectionOf),
  killSection,
  supervisionSection,
];

/** The command line. */
export const task = defineTask({
  name: "demo",
  summary:
    "A bug that is a number, every service with real clients, a kill -9 and a restart: printed, and over",
  env: "DEMO",
  flags: {
    slow: toggle({ help: "With a pause after each line, for a talk" }),
  },
});

/** How long the demo may take, whatever happens. */
const LIMIT_MS = 19_000;
const SLOW_LIMIT_MS = 600_000;

/** The pause after a line in a talk. */
const SLOW_MS = 400;

/** Plays one section, until it is over or `ended` rejects; says whether all of it happened. */
async function play(
  section: Section,
  number: number,
  printer: Printer,
  ended: Promise<never>,
): Promise<boolean> {
  printer.print(`\n${paint("bold", `${number}. ${section.title}`)}\n   ${section.about}\n`);
  try {
    await using stage = new Stage(section.name, printer);
    await Promise.race([section.play(stage), ended]);
    return true;
  } catch (error) {
    printer.print(`  ${paint("red", "DID NOT HAPPEN:")} ${errorText(error)}`);
    return false;
  }
}

/** Where a browser finds a service that has a page. */
function pages(): string[] {
  return services.flatMap(({ task: { name, flags } }) => {
    const port = Number(flags.webPort?.shown);
    return port > 0 ? [`deno task ${name} has a page: http://localhost:${port}/`] : [];
  });
}

if (import.meta.main) {
  await runClient(task, async ({ slow }, { world, signal }) => {
    const printer = new Printer(slow ? SLOW_MS : 0, signal);
    const begun = world.clock.monotonic();
    const limitMs = slow ? SLOW_LIMIT_MS : LIMIT_MS;
    world.clock.timer(limitMs, () => {
      throw new Failure(`The demo is not over after ${limitMs / 1000} s: something hangs`);
    });
    printer.print(
      "Troupe: actors on the wire. First a simulated machine, then each service on a port of its own, with real clients.",
    );
    const ended = new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
    const failed: string[] = [];
    for (const [index, section] of SECTIONS.entries()) {
      if (signal.aborted) return 1;
      if (!await play(section, index + 1, printer, ended)) failed.push(section.name);
      await printer.drained();
    }
    const seconds = ((world.clock.monotonic() - begun) / 1000).toFixed(1);
    if (failed.length > 0) {
      printer.print(
        paint("red", `\nNot everything happened as it should: ${failed.join(", ")} (${seconds} s)`),
      );
      await printer.drained();
      return 1;
    }
    printer.print(
      paint("bold", `\nThat was all of it: ${SECTIONS.length} parts, as they should be (${seconds} s).`),
    );
    printer.print(
      "Start them for yourself: deno task start. Each alone: deno task chat:server, deno task chat:client, …",
    );
    for (const page of pages()) printer.print(page);
    await printer.drained();
    return 0;
  });
}
