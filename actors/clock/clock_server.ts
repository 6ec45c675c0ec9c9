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
 * ```ts no-assert
 * import { clockServer } from "@troupe/actors/clock";
 *
 * const behavior = clockServer({ address: { hostname: "127.0.0.1", port: 5005 }, utc: true });
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
