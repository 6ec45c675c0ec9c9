/**
 * A circuit breaker: after three failures in a row a service is left alone for a while, callers hear so at
 * once, and one of them tries whether it is back.
 *
 *     deno run examples/circuit_breaker.ts
 *
 * @module
 */
import { ActorSystem, type Behavior, type Receive, type Ref, withPrivateMessages } from "@troupe/actors";

/** What came of a call. */
export type CallOutcome<R> = { ok: true; value: R } | { ok: false; reason: "failed" | "open" };

/** A call of the service behind the breaker. */
export type CallCommand<R> = { type: "call"; replyTo: Ref<CallOutcome<R>> };

type Settled<R> = { type: "settled"; replyTo: Ref<CallOutcome<R>>; outcome: CallOutcome<R> };
type Message<R> = CallCommand<R> | Settled<R> | { type: "try-again" };

/** Guards `service`. The states are handlers: `become` goes from one to the next. */
export function circuitBreaker<R>(
  service: () => Promise<R>,
  { maxFailures, openMs }: { maxFailures: number; openMs: number },
): Behavior<CallCommand<R>> {
  return withPrivateMessages<CallCommand<R>, Settled<R> | { type: "try-again" }>((self) => {
    let failures = 0;
    const call = (replyTo: Ref<CallOutcome<R>>) =>
      self.pipe<R>(
        service(),
        (value) => ({ type: "settled", replyTo, outcome: { ok: true, value } }),
        () => ({ type: "settled", replyTo, outcome: { ok: false, reason: "failed" } }),
      );
    const settle = ({ replyTo, outcome }: Settled<R>) => {
      replyTo.tell(outcome);
      failures = outcome.ok ? 0 : failures + 1;
      if (outcome.ok) return self.become(closed);
      if (failures < maxFailures) return;
      self.become(open);
      self.after(openMs, { type: "try-again" });
    };
    const closed: Receive<Message<R>> = (message) => {
      if (message.type === "call") call(message.replyTo);
      else if (message.type === "settled") settle(message);
    };
    const open: Receive<Message<R>> = (message) => {
      if (message.type === "call") message.replyTo.tell({ ok: false, reason: "open" });
      else if (message.type === "settled") message.replyTo.tell(message.outcome);
      else self.become(halfOpen);
    };
    /** The first caller tries; the others are told that it is open. */
    const halfOpen: Receive<Message<R>> = (message) => {
      if (message.type !== "call") return message.type === "settled" ? settle(message) : undefined;
      self.become((later) => later.type === "settled" ? settle(later) : open(later));
      call(message.replyTo);
    };
    return closed;
  });
}

if (import.meta.main) {
  await using system = new ActorSystem("breaker");
  let isUp = false;
  let calls = 0;
  const service = () => {
    calls++;
    return isUp ? Promise.resolve("hello") : Promise.reject(new Error("down"));
  };
  const breaker = system.spawn("breaker", circuitBreaker(service, { maxFailures: 3, openMs: 50 }));
  const ask = () => breaker.ask({ type: "call" }, { timeoutMs: 1000 });
  for (let attempt = 1; attempt <= 5; attempt++) {
    const outcome = await ask();
    console.log(`call ${attempt}: ${outcome.ok ? outcome.value : outcome.reason}`);
  }
  isUp = true;
  let outcome = await ask();
  while (!outcome.ok) {
    await new Promise<void>((resolve) => system.world.clock.timer(10, resolve));
    outcome = await ask();
  }
  console.log(`later: ${outcome.value}, after ${calls} calls of the service`);
}
