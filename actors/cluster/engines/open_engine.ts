/**
 * An engine by its name, as a command line says it.
 *
 * @module
 */
import type { World } from "../../world/world.ts";
import type { Engine } from "../engine.ts";
import { memoryEngine } from "./memory.ts";
import { type NatsCredentials, natsEngine, type NatsEngineOptions } from "./nats.ts";
import { sqliteEngine } from "./sqlite.ts";

/** Options of {@linkcode openEngine}. */
export interface OpenEngineOptions extends Omit<NatsEngineOptions, "servers"> {
  /** Its clock and event loop. */
  readonly world: World;
}

/**
 * Opens an engine: `memory`, `sqlite:FILE`, or `nats://HOST:PORT,HOST:PORT`, with `USER:PASSWORD@` or
 * `TOKEN@` before the first host where the servers ask for it (percent-encoded, as in any URL).
 *
 * @throws `TypeError` when it is none of these; what {@linkcode sqliteEngine} and {@linkcode natsEngine}
 * throw.
 *
 * @example
 * ```ts
 * import { openEngine } from "@troupe/actors/cluster/engines";
 * import { denoWorld } from "@troupe/actors";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using engine = await openEngine("memory", { world: denoWorld() });
 * assertEquals(engine.name, "memory");
 * await assertRejects(() => openEngine("paper", { world: denoWorld() }), TypeError, "paper");
 * ```
 */
export async function openEngine(where: string, options: OpenEngineOptions): Promise<Engine> {
  const { world, leaseTtlMs } = options;
  const local = { world, ...(leaseTtlMs !== undefined && { leaseTtlMs }) };
  if (where === "memory") return memoryEngine(local);
  const [, scheme, rest = ""] = /^(sqlite:|nats:\/\/)(.+)$/.exec(where) ?? [];
  if (scheme === "sqlite:") return sqliteEngine({ ...local, file: rest });
  if (scheme === "nats://") {
    const [, who, hosts = rest] = /^([^@,]*)@(.+)$/.exec(rest) ?? [];
    const servers = hosts.split(",").map((server) => server.replace(/^nats:\/\//, ""));
    const connection = who === undefined
      ? {}
      : { connection: { ...options.connection, ...credentials(who) } };
    return await natsEngine({ ...options, ...connection, servers });
  }
  throw new TypeError(`Cannot open the engine ${where}: it is memory, sqlite:FILE or nats://HOST:PORT,…`);
}

function credentials(text: string): NatsCredentials {
  try {
    const [first = "", ...rest] = text.split(":").map(decodeURIComponent);
    return rest.length === 0 ? { token: first } : { user: first, pass: rest.join(":") };
  } catch {
    // It is a secret: it is not shown.
    throw new TypeError("Cannot open the engine: what is before the @ is not percent-encoded");
  }
}
