/**
 * What time is it? A server that knows.
 *
 * @module
 */
import { answerClock } from "../../protocols/clock.ts";
import { type DatagramsCommand, datagramServer, type DatagramServerOptions } from "../net/mod.ts";
import type { Behavior } from "../runtime/mod.ts";

/** Options of {@linkcode clockServer}. */
export interface ClockServerOptions extends DatagramServerOptions {
  /** Tell UTC rather than local time. @default false */
  readonly utc?: boolean;
}

/**
 * The clock's server: `SEND_DATE` and `SEND_TIME` in datagrams. No answer depends on an earlier request.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { clockServer } from "@troupe/actors/clock";
 * import { assertMatch } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const behavior = clockServer({ address: { hostname: "127.0.0.1", port: 0 }, utc: true });
 * const server = system.spawn("clock", behavior, { onFailure: escalate() });
 *
 * const { port } = await server.ask({ type: "get-address" }, { timeoutMs: 1000 });
 * const client = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
 * const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
 * await client.send(new TextEncoder().encode("SEND_DATE"), to);
 * const [answer] = await client.receive();
 * client.close();
 * assertMatch(new TextDecoder().decode(answer), /^\d{4}-\d\d-\d\d$/);
 * ```
 */
export function clockServer(options: ClockServerOptions): Behavior<DatagramsCommand> {
  const { utc = false, ...rest } = options;
  return (self) =>
    datagramServer(rest, (request, nowMs) => {
      const utcOffsetMinutes = utc ? 0 : self.world.clock.utcOffsetMinutes(nowMs);
      return answerClock(request, nowMs, { utcOffsetMinutes });
    })(self);
}
