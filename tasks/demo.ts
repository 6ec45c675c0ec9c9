/**
 * What Troupe is about, in a minute's reading: a bug that is a number, every service with real clients over
 * real sockets, a process that is killed, an actor that is mended.
 *
 * @module
 */
import { defineTask, runClient, toggle } from "./_cli.ts";
import { killSection } from "./_demo/kill.ts";
import { playAll } from "./_demo/play.ts";
import type { Section } from "./_demo/section.ts";
import { simulatorSection } from "./_demo/simulator.ts";
import { supervisionSection } from "./_demo/supervision.ts";
import type { Service } from "./_service.ts";
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

/** How long the demo may take, whatever happens: a few seconds, and many times that on a slow machine. */
const LIMIT_MS = 120_000;

/** Where a browser finds a service that has a page. */
function pages(): string[] {
  return services.flatMap(({ task: { name, flags } }) => {
    const port = Number(flags.webPort?.shown);
    return port > 0 ? [`deno task ${name} has a page: http://localhost:${port}/`] : [];
  });
}

if (import.meta.main) {
  await runClient(task, ({ slow }, { world, signal }) =>
    playAll(SECTIONS, {
      ...{ slow, world, signal },
      limitMs: LIMIT_MS,
      opening:
        "Troupe: actors on the wire. First a simulated machine, then each service on a port of its own, with real clients.",
      closing: [
        "Start them for yourself: deno task start. Each alone: deno task chat:server, deno task chat:client, …",
        ...pages(),
      ],
    }));
}
