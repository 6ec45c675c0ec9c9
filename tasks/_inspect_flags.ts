/**
 * The flags by which a server can be looked into.
 *
 * @module
 */
import { clusterOf } from "../actors/cluster/cluster.ts";
import {
  EventFeed,
  hostAnswers,
  type HostQuestion,
  type InspectedCluster,
  inspector,
  type InspectorOptions,
  meteredDisk,
  MeterRegistry,
  type RemoteHost,
  SystemMetrics,
  systemWatcher,
} from "../actors/inspect/mod.ts";
import { Pace, SharedWork } from "../actors/inspect/pace.ts";
import type { CoreReports } from "../actors/cores/mod.ts";
import { parseAddress } from "../actors/net/mod.ts";
import type { Disk, SocketAddress, TlsServerOptions, World } from "../actors/world/world.ts";
import { ActorSystem, type Behavior, type Core, errorText, escalate } from "../mod.ts";
import { Failure, serverTls } from "./_cli.ts";
import { CoreFamilies } from "./_cores_flag.ts";
import {
  bearerToken,
  custom,
  type Flag,
  guarding,
  integer,
  type OptionsOf,
  path,
  UsageError,
} from "./_flags.ts";
import { ListeningPorts } from "./_listening_ports.ts";
import { hostNames, loadPages, origins, tellOfWebDoor } from "./_web_flags.ts";

/** Flags of everything that can be looked into. */
export type InspectFlags = {
  readonly inspect: Flag<SocketAddress | undefined>;
  readonly inspectToken: Flag<string | undefined>;
  readonly inspectHost: Flag<readonly string[]>;
  readonly inspectOrigin: Flag<readonly string[]>;
  readonly inspectTlsCert: Flag<string | undefined>;
  readonly inspectTlsKey: Flag<string | undefined>;
  readonly lameDuckMs: Flag<number>;
};

/** `--inspect` and what belongs to it, `--lame-duck-ms`. */
export function inspectFlags(): InspectFlags {
  return {
    inspect: custom<SocketAddress>({
      help: "Where the system shows itself: a page, its tree, its metrics; off where it is not given",
      value: "HOST:PORT",
      takes: "an address such as 127.0.0.1:9090",
      parse(given) {
        try {
          return parseAddress(given);
        } catch {
          throw new UsageError(`${JSON.stringify(given)} is not an address such as 127.0.0.1:9090`);
        }
      },
    }),
    inspectToken: guarding(bearerToken({ help: "Who has it may look, also from other machines" })),
    inspectHost: hostNames("Names under which browsers reach the inspector, beside those of --web-host"),
    inspectOrigin: origins("Where else its page is served from (a proxy), beside --web-origin"),
    inspectTlsCert: guarding(
      path({ help: "The inspector's certificate chain (PEM), if not that of --tls-cert", value: "FILE" }),
    ),
    inspectTlsKey: guarding(path({ help: "The inspector's private key (PEM)", value: "FILE" })),
    lameDuckMs: integer({
      help: "Milliseconds between saying at /readyz that it ends and closing its ports, for load balancers",
      default: 0,
      max: 3_600_000,
      value: "MS",
    }),
  };
}

type InspectOptions = OptionsOf<InspectFlags>;

/** What of a server's own options holds for its inspector as well, where it has them. */
interface SharedOptions {
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly webHost: readonly string[];
  readonly webOrigin: readonly string[];
}

function sharedOptions(options: object): SharedOptions {
  const values = new Map<string, unknown>(Object.entries(options));
  const one = (key: string): string | undefined => {
    const value = values.get(key);
    return typeof value === "string" ? value : undefined;
  };
  const many = (key: string): string[] => {
    const value = values.get(key);
    return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  };
  return {
    tlsCert: one("tlsCert"),
    tlsKey: one("tlsKey"),
    webHost: many("webHost"),
    webOrigin: many("webOrigin"),
  };
}

/** Throws {@linkcode UsageError} where something is said of an inspector that is off. */
function checkOff(options: InspectOptions): void {
  const { inspectToken, inspectHost, inspectOrigin, inspectTlsCert, inspectTlsKey } = options;
  const given = {
    "--inspect-token": inspectToken,
    "--inspect-host": inspectHost[0],
    "--inspect-origin": inspectOrigin[0],
    "--inspect-tls-cert": inspectTlsCert,
    "--inspect-tls-key": inspectTlsKey,
  };
  for (const [flag, value] of Object.entries(given)) {
    if (value !== undefined) throw new UsageError(`${flag} needs --inspect HOST:PORT`);
  }
}

/** The inspector's own certificate, or the server's. */
async function inspectorTls(options: InspectOptions, disk: Disk): Promise<{ tls?: TlsServerOptions }> {
  const { inspectTlsCert, inspectTlsKey } = options;
  const { tlsCert, tlsKey } = sharedOptions(options);
  if ((inspectTlsCert === undefined) !== (inspectTlsKey === undefined)) {
    throw new UsageError("--inspect-tls-cert and --inspect-tls-key go together");
  }
  const pair = inspectTlsCert === undefined
    ? { tlsCert, tlsKey }
    : { tlsCert: inspectTlsCert, tlsKey: inspectTlsKey };
  return await serverTls(pair, disk);
}

/**
 * A system that can be looked into, or exports what it does, where the options or the environment ask for it.
 * `isReady` says at `/readyz` whether what runs in it has started; it is given how many ports are open.
 *
 * Throws {@linkcode UsageError} on options that do not fit together, and {@linkcode Failure} where the
 * inspector cannot listen: then nothing else was started.
 */
export async function inspectedSystem(
  name: string,
  world: World,
  options: InspectOptions,
  isReady: (openPorts: number) => boolean,
  cores?: () => CoreReports | undefined,
): Promise<ActorSystem> {
  const { inspect: address } = options;
  const telemetry = await openTelemetry();
  if (address === undefined) checkOff(options);
  if (address === undefined && telemetry === undefined) return new ActorSystem(name, { world });
  const metrics = exportedMetrics(telemetry);
  const measured = { ...world, disk: meteredDisk(world.disk, world.clock, metrics.meter) };
  if (address === undefined) {
    const system = new ActorSystem(name, { world: measured, instruments: metrics.instruments });
    system.spawn("telemetry", systemWatcher(system, metrics));
    return system;
  }
  const tls = await inspectorTls(options, world.disk);
  const pages = await loadPages(world, "inspector");
  const feed = new EventFeed(() => world.clock.now());
  const ports = new ListeningPorts(world.net);
  const families = new CoreFamilies();
  const watched = { ...measured, net: ports.net, log: feed.listeningTo(world.log, name) };
  const system = new ActorSystem(name, { world: watched, instruments: metrics.instruments });
  await openInspector(system, {
    ...{ system, address, metrics, feed, isExported: telemetry !== undefined },
    ...tls,
    ...accessOf(options),
    cluster: () => clusterOf(system) ?? clusterOfCores(cores?.()),
    otherMetrics: () => families.ask(cores?.()),
    otherHosts: () => hostsOfCores(name, cores?.()),
    // One of the ports is the inspector's.
    isReady: () => isReady(ports.count - 1),
    ...(pages === undefined ? {} : { pages }),
    onListening: (bound) => tellOfWebDoor(world, { isOptional: false, ...tls }, bound, pages !== undefined),
  });
  return system;
}

/** The cluster that the cores are, as the first thread sees it, which is no host of it. */
function clusterOfCores(cores: CoreReports | undefined): InspectedCluster | undefined {
  return cores && {
    snapshot: () => ({ isConnected: true, entityCount: 0, entities: [] }),
    hosts: () => cores.hosts(),
    where: (type, id) => cores.where(type, id),
  };
}

/** The systems of the cores, as machines of their own. */
function hostsOfCores(name: string, cores: CoreReports | undefined): RemoteHost[] {
  return cores?.living.map((core): RemoteHost => ({
    name: coreName(core.index),
    life: core.life,
    root: `/${name}`,
    // It is answered by `hostAnswers`, in the thread of the core.
    ask: async (question) => await cores.ask(core, question) as never,
  })) ?? [];
}

function coreName(index: number): string {
  return `core-${index}`;
}

/** The system of one core, which reports what it has counted where the first thread is looked into. */
export async function reportingSystem(
  name: string,
  core: Pick<Core, "world" | "index" | "onReport">,
  options: InspectOptions,
): Promise<ActorSystem> {
  const { world } = core;
  const { clock, loop } = world;
  const telemetry = await openTelemetry();
  if (options.inspect === undefined && telemetry === undefined) return new ActorSystem(name, { world });
  const metrics = exportedMetrics(telemetry, { "troupe.core": String(core.index) });
  const feed = new EventFeed(() => clock.now());
  const host = coreName(core.index);
  const measured = {
    ...world,
    disk: meteredDisk(world.disk, clock, metrics.meter),
    log: feed.listeningTo(world.log, host),
  };
  const system = new ActorSystem(name, { world: measured, instruments: metrics.instruments });
  system.events.subscribe(feed.listener(host));
  system.spawn("telemetry", systemWatcher(system, metrics, { isFurtherThread: true }));
  const answer = hostAnswers({
    ...{ name: host, system, metrics, feed, loop },
    cluster: () => clusterOf(system),
    now: () => clock.monotonic(),
  });
  const measuring = new SharedWork(
    new Pace(() => clock.monotonic()),
    () => metrics.measure([system], loop),
  );
  core.onReport(async (question) => {
    // It was asked by `hostsOfCores`, in the first thread.
    if (question !== undefined) return await answer(question as HostQuestion);
    await measuring.run();
    return metrics.families();
  });
  return system;
}

/** Who may look, and under which names. */
function accessOf(options: InspectOptions): Pick<InspectorOptions, "token" | "hosts" | "origins"> {
  const { inspectToken: token, inspectHost, inspectOrigin } = options;
  const { webHost, webOrigin } = sharedOptions(options);
  return {
    ...(token === undefined ? {} : { token }),
    hosts: [...webHost, ...inspectHost],
    origins: [...webOrigin, ...inspectOrigin],
  };
}

/** Starts the inspector before all else; where it cannot listen, the system has ended. */
async function openInspector(system: ActorSystem, options: InspectorOptions): Promise<void> {
  let behavior: Behavior<never>;
  try {
    behavior = inspector(options);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`--inspect: ${error.message}; see --inspect-token`);
    throw error;
  }
  const door = system.spawn("inspect", behavior, { onFailure: escalate() });
  try {
    await system.started(door);
  } catch (stopped) {
    // What ended it says why; that it has stopped is no news.
    const error = await system.terminated.then(() => stopped, (cause) => cause);
    throw new Failure(`Cannot open the inspector: ${errorText(error)}`, { cause: error });
  }
}

/**
 * Where Deno puts what exports, with `OTEL_DENO=true`: the place that all of OpenTelemetry's libraries share.
 */
const OPEN_TELEMETRY = Symbol.for("opentelemetry.js.api.1");

/** What is measured, and exported where there is who does that: with these attributes. */
function exportedMetrics(
  telemetry: Awaited<ReturnType<typeof openTelemetry>>,
  attributes: Readonly<Record<string, string>> = {},
): SystemMetrics {
  if (telemetry === undefined) return new SystemMetrics();
  const { exportInstrument, openTelemetryTracer } = telemetry;
  const meter = new MeterRegistry((instrument) => exportInstrument(instrument, attributes));
  return new SystemMetrics(meter, { tracer: openTelemetryTracer() });
}

/** What exports through OpenTelemetry; undefined, and not loaded, where nobody has asked for it. */
async function openTelemetry() {
  return OPEN_TELEMETRY in globalThis ? await import("../actors/inspect/open_telemetry.ts") : undefined;
}
