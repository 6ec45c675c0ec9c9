/**
 * A service, said once: what `deno task gen`, `start`, `demo`, `compile`, the tests and README know of it.
 *
 * @module
 */
import type { Driver } from "../actors/cluster/mod.ts";
import type { CoreReports } from "../actors/cores/mod.ts";
import type { World } from "../actors/world/world.ts";
import { type ActorSystem, type Behavior, type Core, errorText, escalate } from "../mod.ts";
import {
  type Command,
  environmentOf,
  type Flag,
  type Flags,
  type ListenFlags,
  type OptionsOf,
  port,
  type Rights,
  runServer,
  type Task,
  type TaskOptions,
} from "./_cli.ts";
import {
  type CoreSettings,
  coresFlag,
  coresOf,
  coresProblem,
  isServingCore,
  serveCore,
  serveOnCores,
} from "./_cores_flag.ts";
import { parseCommandLine, type Source } from "./_command_line.ts";
import type { Section } from "./_demo/section.ts";
import type { Smoke } from "./_smoke.ts";
import { type Resident, resident } from "./_house.ts";
import { withAdvice } from "./_rights_advice.ts";
import { inspectedSystem, type InspectFlags, inspectFlags, reportingSystem } from "./_inspect_flags.ts";

/** What a behaviour is made from beside its options. */
export interface ServiceContext {
  readonly world: World;
  /** What was given beside flags. */
  readonly args: readonly string[];
  /** The core that it runs on, where it is one of several. */
  readonly core?: Core;
}

/** One running service in `start`: most services have one, the peers one a node. */
export interface Instance {
  readonly name: string;
  readonly args: readonly string[];
}

/** How a service runs beside all others in one process. */
export interface Together {
  /** The flag of `start` that says where it listens; its key there, `nodes` for `--peer-nodes`. */
  readonly key: string;
  readonly flag: Flag<unknown>;
  /** What is started for the flag's value; `host` is `start`'s own, where it was given. */
  instances(value: string, host: string | undefined): readonly Instance[];
}

/** What a service is, apart from its command line and its behaviour. */
export interface ServiceFacts {
  /** In kebab-case: the directory in `actors/`, the permission set, the first half of the tasks' names. */
  readonly name: string;
  /** What it is, in a few words: `TCP calculator with a session per client`. */
  readonly summary: string;
  /** The name of the server's task. @default `NAME:server` */
  readonly task?: string;
  /** @default "tcp" */
  readonly transport?: "tcp" | "udp";
  /** The ports as README shows them. @default the default of `--port` */
  readonly ports?: string;
  /**
   * Rights beyond those of all servers (listening on this machine, its own environment, `.env`,
   * certificates).
   */
  readonly rights?: Rights;
  /** The port in `start`, where another service has the usual one; or more than one instance. */
  readonly together?: number | Together;
  /** Loads the client's command line, `tasks/NAME_client.ts`. */
  readonly client?: () => Promise<{ readonly task: Task<Flags> }>;
  /** Its part of `deno task demo`. */
  readonly demo?: Section;
  /** A talk for the tests. */
  readonly smoke?: Smoke;
}

/** How a service runs on several cores. */
export interface ServiceOnCores<F extends Flags> {
  /** Opens what keeps the entities that the cores share. @default in memory */
  readonly driver?: (options: TaskOptions<F>, world: World, leaseTtlMs: number) => Promise<Driver>;
}

/** What a manifest, `tasks/services/NAME.ts`, says. */
export interface ServiceManifest<F extends Flags & Pick<ListenFlags, "drainMs">, M>
  extends ServiceFacts, Omit<Task<F>, "name" | "env" | "summary" | "rights"> {
  /** How it runs on several cores of the machine: see `--cores`. @default it does not */
  readonly cores?: ServiceOnCores<F>;
  /** Prefix of the environment names. @default the name in capitals */
  readonly env?: string;
  /** The root behaviour that the options ask for. */
  behavior(options: TaskOptions<F>, context: ServiceContext): Behavior<M> | Promise<Behavior<M>>;
  /**
   * What the arguments ask for instead of the server: something that ends by itself. Undefined: the server.
   */
  command?(options: TaskOptions<F>, context: ServiceContext): Command | undefined;
  /**
   * Called with the system of a server that runs alone, before that starts: what is started here ends after
   * it.
   */
  prepare?(system: ActorSystem, options: TaskOptions<F>, context: ServiceContext): Promise<void>;
  /** Called with the system of a server that runs alone in its process: for what is typed at it. */
  attach?(system: ActorSystem, options: TaskOptions<F>, context: ServiceContext): void;
}

/** What `start` gives an instance. */
export interface Surroundings {
  readonly world: World;
  readonly sources: readonly Source[];
  readonly drainMs: number;
}

/** A service as everything but its manifest sees it. */
export class Service {
  readonly name: string;
  readonly summary: string;
  /** The server's command line. */
  readonly task: Task<Flags>;
  readonly transport: "tcp" | "udp";
  readonly ports: string;
  readonly rights: Rights;
  readonly hasCores: boolean;
  readonly together: Together;
  readonly client: (() => Promise<{ readonly task: Task<Flags> }>) | undefined;
  readonly demo: Section | undefined;
  readonly smoke: Smoke | undefined;
  /** Runs the server alone, in a process of its own. Never returns: it ends the process. */
  readonly serve: () => Promise<never>;
  /** Makes one instance of it, to live beside others. Throws what a command line that is wrong throws. */
  readonly resident: (instance: Instance, surroundings: Surroundings) => Promise<Resident>;

  constructor(
    task: Task<Flags>,
    facts: ServiceFacts,
    run: Pick<Service, "serve" | "resident">,
  ) {
    const { name, summary, transport = "tcp", rights = {}, together, client, demo, smoke } = facts;
    const defaultPort = task.flags.port?.default;
    this.name = name;
    this.summary = summary;
    this.task = task;
    this.transport = transport;
    this.ports = facts.ports ?? `${defaultPort}${transport === "udp" ? "/udp" : ""}`;
    this.rights = rights;
    this.hasCores = task.flags.cores !== undefined;
    this.together = typeof together === "object" ? together : onePort(name, task, together ?? defaultPort);
    this.client = client;
    this.demo = demo;
    this.smoke = smoke;
    this.serve = run.serve;
    this.resident = run.resident;
  }
}

/** One instance, whose port is `--NAME-port` and has the environment name that it has when it runs alone. */
function onePort(name: string, task: Task<Flags>, defaultPort: unknown): Together {
  const env = environmentOf({ ...task, flags: { port: task.flags.port ?? portFlag(name, 0, []) } });
  return {
    key: "port",
    flag: portFlag(name, Number(defaultPort), env.slice(0, 1)),
    instances: (value, host) => [{
      name,
      args: [`--port=${value}`, ...(host === undefined ? [] : [`--host=${host}`])],
    }],
  };
}

function portFlag(name: string, defaultPort: number, env: readonly string[]): Flag<number> {
  return port({ help: `Port of ${name}; 0 takes any free one`, default: defaultPort, env });
}

/** Says what a service is: the whole of what the rest of `tasks/` and the tests need to know of it. */
export function defineService<const F extends Flags & Pick<ListenFlags, "drainMs">, M>(
  manifest: ServiceManifest<F, M>,
): Service {
  const { name, summary, env = name.toUpperCase().replaceAll("-", "_"), behavior } = manifest;
  const { flags, positionals, examples, check, explain } = manifest;
  const task: Task<F & InspectFlags> = {
    name: manifest.task ?? `${name}:server`,
    summary: manifest.task === undefined ? `${summary}: the server` : summary,
    env,
    flags: { ...flags, ...(manifest.cores && coresFlag()), ...inspectFlags() },
    ...(positionals && { positionals }),
    ...(examples && { examples }),
    check: (options, args) => coresProblem(options) ?? check?.(options, args),
    ...(explain && { explain }),
  };
  const serverOnCore = async ({ options, args }: CoreSettings<TaskOptions<F & InspectFlags>>, core: Core) => {
    const { world } = core;
    const { drainMs }: OptionsOf<Pick<ListenFlags, "drainMs">> = options;
    const context = { world, args, core };
    const root = await behavior(options, context);
    const system = await reportingSystem(name, core, options);
    await manifest.prepare?.(system, options, context);
    const server = system.spawn("server", root, { onFailure: escalate(), shutdownMs: drainMs });
    // One that does not start ends the system, which says so.
    await system.started(server).catch(() => {});
    return system;
  };
  return new Service(task, manifest, {
    serve: () =>
      isServingCore() ? serveCore(serverOnCore) : runServer(task, async (options, { world, args }) => {
        const context = { world, args };
        const command = manifest.command?.(options, context);
        if (command !== undefined) return command;
        const { drainMs }: OptionsOf<Pick<ListenFlags, "drainMs">> = options;
        const cores = coresOf(options);
        let isStarted = false;
        // The ports of other threads are not seen here, and open before these are ready.
        const isReady = (openPorts: number) => isStarted && (cores > 1 || openPorts > 0);
        let running: CoreReports | undefined;
        const makeSystem = () => inspectedSystem(name, world, options, isReady, () => running);
        if (cores > 1) {
          const system = await makeSystem();
          const onReady = (all: CoreReports) => {
            isStarted = true;
            running = all;
          };
          const driver = manifest.cores?.driver;
          return await serveOnCores(system, world, {
            ...{ cores, drainMs, settings: { options, args }, onReady },
            ...(driver && { driver: (at, leaseTtlMs) => driver(options, at, leaseTtlMs) }),
          });
        }
        const root = await behavior(options, context);
        const system = await makeSystem();
        await manifest.prepare?.(system, options, context);
        const server = system.spawn("server", root, { onFailure: escalate(), shutdownMs: drainMs });
        // One that does not start ends the system, which says so.
        system.started(server).then(() => isStarted = true, () => {});
        manifest.attach?.(system, options, context);
        return system;
      }),
    async resident(instance, { world, sources, drainMs }) {
      const line = parseCommandLine(task, [...instance.args, `--drain-ms=${drainMs}`], sources);
      if (line.type !== "run") throw new TypeError(`Cannot start ${instance.name}: it is asked for its help`);
      const { options, args } = line;
      return resident(instance.name, await behavior(options, { world, args }), {
        drainMs,
        // In `start`, whose rights it has.
        explain: (error) => withAdvice(task.explain?.(error, options) ?? errorText(error), "start"),
      });
    },
  });
}
