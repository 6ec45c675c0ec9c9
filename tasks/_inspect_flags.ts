/**
 * The flags by which a server can be looked into.
 *
 * @module
 */
import {
  EventFeed,
  inspector,
  meteredDisk,
  MeterRegistry,
  SystemMetrics,
  systemWatcher,
} from "../actors/inspect/mod.ts";
import { parseAddress } from "../actors/net/mod.ts";
import type { SocketAddress, World } from "../actors/world/world.ts";
import { ActorSystem, escalate } from "../mod.ts";
import { ListeningPorts } from "./_listening_ports.ts";
import { loadPages, tellOfWebDoor } from "./_web_flags.ts";
import { custom, type Flag, guarding, integer, type OptionsOf, text, UsageError } from "./_flags.ts";

/** Flags of everything that can be looked into. */
export type InspectFlags = {
  readonly inspect: Flag<SocketAddress | undefined>;
  readonly inspectToken: Flag<string | undefined>;
  readonly lameDuckMs: Flag<number>;
};

/** `--inspect`, `--inspect-token`, `--lame-duck-ms`. */
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
    lameDuckMs: integer({
      help: "Milliseconds between saying at /readyz that it ends and closing its ports, for load balancers",
      default: 0,
      max: 3_600_000,
      value: "MS",
    }),
    inspectToken: guarding(text({ help: "Who has it may look, also from other machines", value: "T" })),
  };
}

/**
 * A system that can be looked into, or exports what it does, where the options or the environment ask for it.
 * `isReady` says at `/readyz` whether what runs in it has started; it is given how many ports are open.
 */
export async function inspectedSystem(
  name: string,
  world: World,
  options: OptionsOf<InspectFlags>,
  isReady: (openPorts: number) => boolean,
): Promise<ActorSystem> {
  const { inspect: address, inspectToken: token } = options;
  const telemetry = await openTelemetry();
  if (address === undefined && telemetry === undefined) return new ActorSystem(name, { world });
  const metrics = new SystemMetrics(
    new MeterRegistry(telemetry?.exportInstrument),
    telemetry === undefined ? {} : { tracer: telemetry.openTelemetryTracer() },
  );
  const measured = { ...world, disk: meteredDisk(world.disk, world.clock, metrics.meter) };
  if (address === undefined) {
    const system = new ActorSystem(name, { world: measured, instruments: metrics.instruments });
    system.spawn("telemetry", systemWatcher(system, metrics));
    return system;
  }
  const feed = new EventFeed(() => world.clock.now());
  const ports = new ListeningPorts(world.net);
  const watched = { ...measured, net: ports.net, log: feed.listeningTo(world.log, name) };
  const pages = await loadPages(world, "inspector");
  const system = new ActorSystem(name, { world: watched, instruments: metrics.instruments });
  try {
    const behavior = inspector({
      ...{ system, address, metrics, feed, isExported: telemetry !== undefined },
      // One of the ports is the inspector's.
      isReady: () => isReady(ports.count - 1),
      ...(token === undefined ? {} : { token }),
      ...(pages === undefined ? {} : { pages }),
      onListening: (bound) => tellOfWebDoor(world, { isOptional: false }, bound, pages !== undefined),
    });
    system.spawn("inspect", behavior, { onFailure: escalate() });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`--inspect: ${error.message}; see --inspect-token`);
    throw error;
  }
  return system;
}

/**
 * Where Deno puts what exports, with `OTEL_DENO=true`: the place that all of OpenTelemetry's libraries share.
 */
const OPEN_TELEMETRY = Symbol.for("opentelemetry.js.api.1");

/** What exports through OpenTelemetry; undefined, and not loaded, where nobody has asked for it. */
async function openTelemetry() {
  return OPEN_TELEMETRY in globalThis ? await import("../actors/inspect/open_telemetry.ts") : undefined;
}
