/**
 * Every server in one process, under one root actor.
 *
 * @module
 */
import type { World } from "../actors/world/world.ts";
import { ActorSystem, type Behavior, escalate } from "../mod.ts";
import * as calculator from "./calculator_server.ts";
import * as chat from "./chat_server.ts";
import * as clock from "./clock_server.ts";
import * as joke from "./joke_server.ts";
import * as knock from "./knock_server.ts";
import {
  custom,
  defineTask,
  environment,
  Failure,
  type Flag,
  type Flags,
  integer,
  type ListenFlags,
  port,
  runServer,
  type Task,
  type TaskOptions,
  text,
  toggle,
  UsageError,
} from "./_cli.ts";
import { parseCommandLine, type Source } from "./_command_line.ts";
import { house, type Service, service } from "./_house.ts";

/** What `start` gives a service; all else it takes from its own part of the environment. */
interface Given {
  readonly world: World;
  readonly sources: readonly Source[];
  readonly host: string | undefined;
  readonly port: number;
  readonly drainMs: number;
}

/** Something that can be started. */
type Startable = (given: Given) => Promise<Service>;

function startable<F extends Flags & ListenFlags, M>(
  name: string,
  { task, root }: {
    readonly task: Task<F>;
    readonly root: (options: TaskOptions<F>, world: World) => Behavior<M> | Promise<Behavior<M>>;
  },
): Startable {
  return async ({ world, sources, host, port, drainMs }) => {
    const listening = [
      `--port=${port}`,
      `--drain-ms=${drainMs}`,
      ...(host === undefined ? [] : [`--host=${host}`]),
    ];
    const line = parseCommandLine(task, listening, sources);
    if (line.type !== "run") throw new Failure(`Cannot start ${name}: its options ask for help`);
    const { options } = line;
    const explain = (error: unknown) => task.explain?.(error, options);
    return service(name, await root(options, world), { drainMs, explain });
  };
}

const startables = {
  clock: startable("clock", clock),
  joke: startable("joke", joke),
  knock: startable("knock", knock),
  calculator: startable("calculator", calculator),
  chat: startable("chat", chat),
};

type Name = keyof typeof startables;

const NAMES = Object.keys(startables).filter((name): name is Name => name in startables);

function servicePort(name: string, defaultPort: number): Flag<number> {
  return port({
    help: `Port of ${name}; 0 takes any free one`,
    default: defaultPort,
    env: [`${name.toUpperCase()}_PORT`],
  });
}

function names(help: string) {
  return custom({
    help,
    value: "LIST",
    takes: `names with commas between: ${NAMES.join(",")}`,
    parse(list): readonly Name[] {
      return list.split(",").map((name) => {
        const known = NAMES.find((candidate) => candidate === name.trim());
        if (known === undefined) throw new UsageError(`"${name}" is not one of ${NAMES.join(", ")}`);
        return known;
      });
    },
  });
}

const task = defineTask({
  name: "start",
  summary:
    "Every server in one process, under one root actor; each keeps its own settings in its own part of the environment",
  env: "START",
  flags: {
    only: names("Services to start"),
    without: names("Services not to start"),
    host: text({
      help: "Address to listen on, for all of them (by default each has its own)",
      value: "HOST",
    }),
    clockPort: servicePort("clock", 5005),
    jokePort: servicePort("joke", 5006),
    knockPort: servicePort("knock", 5007),
    calculatorPort: servicePort("calculator", 5008),
    chatPort: servicePort("chat", 5000),
    strict: toggle({ help: "When one cannot run, none does" }),
    drainMs: integer({ help: "Milliseconds that a stop may take", default: 5000, value: "MS" }),
  },
  examples: ["--only chat,clock --chat-port 5100", "--without calculator --strict"],
});

/** The world, with the name of the service that says it before each line of the log that people read. */
function labelled(world: World): World {
  const { clock, random, loop, net, disk, log } = world;
  return {
    ...{ clock, random, loop, net, disk },
    log: {
      enabled: (level) => log.enabled(level),
      write(record) {
        const [, name] = /^\/[^/]+\/[^/]+\/([^/]+)/.exec(record.actor) ?? [];
        log.write(name === undefined ? record : { ...record, message: `${name}: ${record.message}` });
      },
    },
  };
}

if (import.meta.main) {
  await runServer(task, async (options, { world }) => {
    const { only = NAMES, without = [], host, drainMs, strict, logFormat } = options;
    const chosen = only.filter((name) => !without.includes(name));
    if (chosen.length === 0) throw new UsageError("Nothing is left to start");
    const ports: Record<Name, number> = {
      clock: options.clockPort,
      joke: options.jokePort,
      knock: options.knockPort,
      calculator: options.calculatorPort,
      chat: options.chatPort,
    };
    const sources = await environment();
    const own = logFormat === "text" ? labelled(world) : world;
    const services: Service[] = [];
    for (const name of chosen) {
      try {
        services.push(await startables[name]({ world: own, sources, host, port: ports[name], drainMs }));
      } catch (error) {
        // A certificate that cannot be read, say. A setting that makes no sense is another matter.
        if (strict || error instanceof UsageError) throw error;
        world.log.write({ level: "error", actor: "/", message: `${name} does not run: ${String(error)}` });
      }
    }
    if (services.length === 0) throw new Failure("Cannot start: nothing can run");
    const system = new ActorSystem("troupe", { world: own });
    system.spawn("start", house(services, { strict, drainMs }), { onFailure: escalate(), shutdown: drainMs });
    return system;
  });
}
