/**
 * Lines go through three stages, each an actor with room for ten: who is faster waits for who is slower. One
 * line is poison: the stage that chokes on it is restarted, and all other lines come through.
 *
 *     deno run examples/supervised_pipeline.ts
 *
 * @module
 */
import { ActorSystem, type Behavior, denoWorld, type Ref, restart } from "@troupe/actors";

/** A stage hands on what it makes of each item, and waits while the next one is full. */
export function stage<I, O>(work: (item: I) => O, next: Ref<O>): Behavior<I> {
  return () => async (item) => {
    await next.offer(work(item));
  };
}

const ROOM = { mailbox: { capacity: 10 }, onFailure: restart({ limit: 5, withinMs: 1000 }) };

/** Parses amounts, adds the tax, and hands the results to `sink`. */
export function pipeline(sink: Ref<number>): Behavior<string> {
  return (self) => {
    const tax = self.spawn("tax", stage((cents: number) => Math.round(cents * 1.19), sink), ROOM);
    const parse = self.spawn("parse", stage((line: string) => cents(line), tax), ROOM);
    return (line) => parse.offer(line);
  };
}

function cents(line: string): number {
  const amount = Number(line);
  if (!Number.isFinite(amount)) throw new TypeError(`Cannot parse ${JSON.stringify(line)}: not an amount`);
  return Math.round(amount * 100);
}

if (import.meta.main) {
  const world = denoWorld({ log: { level: "error" } });
  await using system = new ActorSystem("shop", { world });
  let total = 0;
  let count = 0;
  const done = Promise.withResolvers<void>();
  const sink = system.spawn<number>("sink", () => (amount) => {
    total += amount;
    if (++count === 999) done.resolve();
  });
  let restarts = 0;
  system.events.subscribe((event) => {
    if (event.type === "failed" && event.decision === "restart") restarts++;
  });
  const lines = system.spawn("lines", pipeline(sink), { mailbox: { capacity: 10 } });
  for (let index = 0; index < 1000; index++) await lines.offer(index === 500 ? "twelve" : "1.00");
  await done.promise;
  console.log(`${count} lines, ${(total / 100).toFixed(2)} in all, ${restarts} restart`);
}
