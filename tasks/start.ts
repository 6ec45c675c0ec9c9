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
import * as echo from "./echo_server.ts";
import * as editor from "./editor_server.ts";
import * as joke from "./joke_server.ts";
import * as knock from "./knock_server.ts";
import * as peer from "./peer.ts";
import * as records from "./records_server.ts";
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
  readonly nodes: string;
  readonly drainMs: number;
}

/** Something that can be started: one service, or more. */
type Startable = (given: Given) => Promise<readonly Service[]>;

/** The services of a server's entry point. */
function startable<F extends Flags & ListenFlags, M>(
  name: string,
  { task, root }: {
    readonly task: Task<F>;
    readonly root: (options: TaskOptions<F>, world: World) => Behavior<M> | Promise<Behavior<M>>;
  },
  prepare: (given: Given) => Promise<readonly string[]> = () => Promise.resolve([]),
): Startable {
  return async (given) => {
    const { world, sources, host, port, drainMs } = given;
    const own = [
      `--port=${port}`,
      `--drain-ms=${drainMs}`,
      ...(host === undefined ? [] : [`--host=${host}`]),
    ];
    const line = parseCommandLine(task, [...own, ...await prepare(given)], sources);
    if (line.type !== "run") return [];
    const { options } = line;
    const explain = (error: unknown) => task.explain?.(error, options);
    return [service(name, await root(options, world), { drainMs, explain })];
  };
}

/** The records store keeps its files where `.env` says; where nothing does, in a folder of the name `Records`. */
async function recordFolders({ world, sources }: Given): Promise<string[]> {
  const missing = ["FILE_PATH", "RECORD_PATH"].filter((key) => !sources.some((source) => source.get(key)));
  if (missing.length > 0) await world.disk.makeFolder("Records", { recursive: true });
  return missing.map((key) => `--${key.toLowerCase().replace("_", "-")}=Records`);
}

/** All nodes of the network of peers. */
function peers({ sources, nodes, drainMs }: Given): Promise<readonly Service[]> {
  const ids = [...nodes.matchAll(/(?:^|,)\s*(\d+)=/g)].map(([, id = ""]) => id);
  const services = ids.flatMap((id) => {
    const line = parseCommandLine(peer.task, [id, `--nodes=${nodes}`, `--drain-ms=${drainMs}`], sources);
    if (line.type !== "run") return [];
    return [service(`peer-${id}`, peer.root(line.options, line.args), { drainMs })];
  });
  return Promise.resolve(services);
}

const startables = {
  echo: startable("echo", echo),
  editor: startable("editor", editor),
  peer: peers,
  records: startable("records", records, recordFolders),
  clock: startable("clock", clock),
  joke: startable("joke", joke),
  knock: startable("knock", knock),
  calculator: startable("calculator", calculator),
  chat: startable("chat", chat),
} satisfies Record<string, Startable>;

type Name = keyof typeof startables;

const NAMES = Object.keys(startables).filter((name): name is Name => name in startables);

function servicePort(name: string, defaultPort: number, env = `${name.toUpperCase()}_PORT`): Flag<number> {
  return port({ help: `Port of ${name}; 0 takes any free one`, default: defaultPort, env: [env] });
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
    "Every server in one process, under one root actor; each keeps the settings of its own part of the environment",
  env: "START",
  flags: {
    only: names(`Services to start, of ${NAMES.join(", ")}`),
    without: names("Services not to start"),
    host: text({ help: "Address to listen on (by default each service has its own)", value: "HOST" }),
    echoPort: servicePort("echo", 8080),
    editorPort: servicePort("editor", 8081),
    peerNodes: text({
      help: "The network of peers, all nodes of which are started",
      value: "ID=HOST:PORT,...",
      default: "1=127.0.0.1:8181,2=127.0.0.1:8182,3=127.0.0.1:8183",
      env: ["PEER_NODES"],
    }),
    recordsPort: servicePort("records", 12000, "SERVER_PORT"),
    clockPort: servicePort("clock", 5005),
    jokePort: servicePort("joke", 5006),
    knockPort: servicePort("knock", 5007),
    calculatorPort: servicePort("calculator", 5008),
    chatPort: servicePort("chat", 5000),
    strict: toggle({ help: "When one cannot run, none does" }),
    drainMs: integer({ help: "Milliseconds that a stop may take", default: 5000, value: "MS" }),
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

if (import.meta.main) {
  await runServer(task, async (options, { world }) => {
    const { only = NAMES, without = [], host, drainMs, strict, logFormat } = options;
    const chosen = NAMES.filter((name) => only.includes(name) && !without.includes(name));
    if (chosen.length === 0) throw new UsageError("Nothing is left to start");
    const ports: Record<Name, number> = {
      echo: options.echoPort,
      editor: options.editorPort,
      // Each node has its own, in the list.
      peer: 0,
      records: options.recordsPort,
      clock: options.clockPort,
      joke: options.jokePort,
      knock: options.knockPort,
      calculator: options.calculatorPort,
      chat: options.chatPort,
    };
    const given = {
      world: logFormat === "text" ? labelled(world) : world,
      sources: await environment(),
      host,
      drainMs,
    };
    const services: Service[] = [];
    for (const name of chosen) {
      try {
        services.push(...await startables[name]({ ...given, port: ports[name], nodes: options.peerNodes }));
      } catch (error) {
        // A certificate that cannot be read, a setting that makes no sense.
        if (strict) throw error;
        const text = error instanceof Error ? error.message : String(error);
        world.log.write({ level: "error", actor: "/", message: `${name} does not run: ${text}` });
      }
    }
    if (services.length === 0) throw new Failure("Cannot start: nothing can run");
    const system = new ActorSystem("troupe", { world: given.world });
    system.spawn("start", house(services, { strict, drainMs }), {
      onFailure: escalate(),
      shutdownMs: drainMs,
    });
    return system;
  });
}
