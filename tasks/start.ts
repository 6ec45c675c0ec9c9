/**
 * Every server in one process, under one root actor.
 *
 * @module
 */
import type { World } from "../actors/world/world.ts";
import { errorText, escalate } from "../mod.ts";
import {
  custom,
  defineTask,
  Failure,
  type Flag,
  integer,
  runServer,
  type TaskOptions,
  text,
  toggle,
  UsageError,
} from "./_cli.ts";
import type { Source } from "./_command_line.ts";
import { house, type Resident } from "./_house.ts";
import { withAdvice } from "./_rights_advice.ts";
import { inspectedSystem, inspectFlags } from "./_inspect_flags.ts";
import type { Service } from "./_service.ts";
import { services } from "./services/mod.ts";

const NAMES = services.map(({ name }) => name);

function names(help: string) {
  return custom({
    help,
    value: "LIST",
    takes: `names with commas between: ${NAMES.join(",")}`,
    parse(list): readonly string[] {
      return list.split(",").map((text) => {
        const name = text.trim();
        if (!NAMES.includes(name)) throw new UsageError(`"${name}" is not one of ${NAMES.join(", ")}`);
        return name;
      });
    },
  });
}

/** The key of the flag that says where a service listens: `chatPort`, `peerNodes`. */
function keyOf({ name, together: { key } }: Service): string {
  const camel = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return `${camel}${key.charAt(0).toUpperCase()}${key.slice(1)}`;
}

const places: Readonly<Record<string, Flag<unknown>>> = Object.fromEntries(
  services.map((service) => [keyOf(service), service.together.flag]),
);

/** The command line. */
export const task = defineTask({
  name: "start",
  summary:
    "Every server in one process, under one root actor; each keeps the settings of its own part of the environment",
  env: "START",
  alsoReads: services.map(({ task }) => task),
  flags: {
    ...places,
    only: names(`Services to start, of ${NAMES.join(", ")}`),
    without: names("Services not to start"),
    host: text({ help: "Address to listen on (by default each service has its own)", value: "HOST" }),
    dataDir: text({
      help: "Folder of what the services keep (by default each has the folder it runs in)",
      value: "DIR",
    }),
    strict: toggle({ help: "When one cannot run, none does" }),
    drainMs: integer({ help: "Milliseconds that a stop may take", default: 5000, value: "MS" }),
    ...inspectFlags(),
  },
  examples: ["--only chat,clock --chat-port 5100", "--without peer --strict"],
});

/** The world, with the name of the service that says it before each line of the log that people read. */
function labelled(world: World): World {
  const { log } = world;
  return {
    ...world,
    log: {
      enabled: (level) => log.enabled(level),
      write(record) {
        const [, name] = /^\/[^/]+\/[^/]+\/([^/]+)/.exec(record.actor) ?? [];
        log.write(name === undefined ? record : { ...record, message: `${name}: ${record.message}` });
      },
    },
  };
}

/** Makes each instance of the chosen services; says which cannot run, or throws that when it is `strict`. */
async function instancesOf(
  chosen: readonly Service[],
  options: TaskOptions<typeof task.flags>,
  { world, sources }: { readonly world: World; readonly sources: readonly Source[] },
): Promise<{ readonly residents: readonly Resident[]; readonly refused: readonly string[] }> {
  const { host, dataDir, drainMs, strict } = options;
  const values: Readonly<Record<string, unknown>> = options;
  const residents: Resident[] = [];
  const refused: string[] = [];
  for (const service of chosen) {
    try {
      for (const instance of service.together.instances(String(values[keyOf(service)]), host)) {
        const keeps = dataDir !== undefined && service.task.flags.dataDir !== undefined;
        const args = [...instance.args, ...(keeps ? [`--data-dir=${dataDir}`] : [])];
        residents.push(await service.resident({ ...instance, args }, { world, sources, drainMs }));
      }
    } catch (error) {
      // A certificate that cannot be read, a setting that makes no sense.
      if (strict) throw error;
      refused.push(service.name);
      world.log.write({
        level: "error",
        actor: "/",
        message: `${service.name} does not run: ${withAdvice(errorText(error), task.name)}`,
        fields: { event: "service-refused", service: service.name, error },
      });
    }
  }
  if (residents.length === 0) throw new Failure("Cannot start: nothing can run");
  return { residents, refused };
}

if (import.meta.main) {
  await runServer(task, async (options, context) => {
    const { only = NAMES, without = [], drainMs, strict, logFormat } = options;
    const chosen = services.filter(({ name }) => only.includes(name) && !without.includes(name));
    if (chosen.length === 0) throw new UsageError("Nothing is left to start");
    const world = logFormat === "text" ? labelled(context.world) : context.world;
    let running = Infinity;
    const settled = (count: number) => running = count;
    const system = await inspectedSystem("troupe", world, options, (openPorts) => openPorts >= running);
    const { residents, refused } = await instancesOf(chosen, options, { ...context, world });
    system.spawn("start", house(residents, { strict, refused, drainMs, settled }), {
      onFailure: escalate(),
      shutdownMs: drainMs,
    });
    return system;
  });
}
