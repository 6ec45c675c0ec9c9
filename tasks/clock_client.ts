/**
 * The clock's client.
 *
 * @module
 */
import { CLOCK_REQUESTS, type ClockRequest } from "../protocols/clock.ts";
import { defineTask, integer, runClient } from "./_cli.ts";
import { DatagramAsker, datagramClientFlags } from "./_datagram_client.ts";

/** The command line. */
export const task = defineTask({
  name: "clock:client",
  summary: "UDP date and time: the client",
  env: "CLOCK",
  flags: {
    ...datagramClientFlags({ port: 5005 }),
    count: integer({ help: "Requests after which it ends; 0 is never", default: 0 }),
  },
});

/** A late answer to a question asked before is told from one to this. */
const ANSWERS: Record<ClockRequest, RegExp> = {
  SEND_DATE: /^\d{4,}-\d\d-\d\d$/,
  SEND_TIME: /^\d\d:\d\d:\d\d$/,
};

if (import.meta.main) {
  await runClient(task, async (options, { world, signal }) => {
    const { host: hostname, port, retryMs, count } = options;
    await using clock = new DatagramAsker(world, { server: { hostname, port }, retryMs });
    let lost = 0;
    for (let asked = 0; (count === 0 || asked < count) && !signal.aborted; asked++) {
      if (asked > 0) await pause(1000 + 1000 * world.random.next());
      const request = CLOCK_REQUESTS[Math.floor(world.random.next() * CLOCK_REQUESTS.length)] ?? "SEND_DATE";
      if (!await clock.ask(request, (text) => ANSWERS[request].test(text) || text.startsWith("Error: "))) {
        lost++;
      }
    }
    return lost === 0 ? 0 : 1;

    function pause(ms: number): Promise<void> {
      return new Promise((resolve) => {
        const timer = world.clock.timer(ms, resolve);
        signal.addEventListener("abort", () => (timer.cancel(), resolve()), { once: true });
      });
    }
  });
}
