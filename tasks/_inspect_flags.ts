/**
 * The flags by which a server can be looked into.
 *
 * @module
 */
import { inspector, SystemMetrics } from "../actors/inspect/mod.ts";
import { parseAddress } from "../actors/net/mod.ts";
import type { SocketAddress, World } from "../actors/world/world.ts";
import { ActorSystem, escalate } from "../mod.ts";
import { custom, type Flag, guarding, type OptionsOf, text, UsageError } from "./_flags.ts";

/** Flags of everything that can be looked into. */
export type InspectFlags = {
  readonly inspect: Flag<SocketAddress | undefined>;
  readonly inspectToken: Flag<string | undefined>;
};

/** `--inspect`, `--inspect-token`. */
export function inspectFlags(): InspectFlags {
  return {
    inspect: custom<SocketAddress>({
      help: "Where the system shows its tree and its metrics; off where it is not given",
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
    inspectToken: guarding(text({ help: "Who has it may look, also from other machines", value: "T" })),
  };
}

/** A system that can be looked into, where the options ask for it. */
export function inspectedSystem(name: string, world: World, options: OptionsOf<InspectFlags>): ActorSystem {
  const { inspect: address, inspectToken: token } = options;
  if (address === undefined) return new ActorSystem(name, { world });
  const metrics = new SystemMetrics();
  const system = new ActorSystem(name, { world, instruments: { sampled: metrics.sampled } });
  try {
    const behavior = inspector({ system, address, metrics, ...(token === undefined ? {} : { token }) });
    system.spawn("inspect", behavior, { onFailure: escalate() });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`--inspect: ${error.message}; see --inspect-token`);
    throw error;
  }
  return system;
}
