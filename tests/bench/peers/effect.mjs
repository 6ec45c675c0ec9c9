/** Effect: https://effect.website. An actor is a queue and a fibre that takes from it. */
import { Deferred, Effect, Queue } from "effect";
import { serve } from "./_shapes.mjs";

function make(receive) {
  const queue = Effect.runSync(Queue.unbounded());
  Effect.runFork(Effect.forever(Effect.map(Queue.take(queue), receive)));
  return queue;
}

await serve({
  make,
  tell: Queue.offerUnsafe,
  makeDoubler: () => make(({ value, answer }) => void Deferred.doneUnsafe(answer, Effect.succeed(value * 2))),
  ask: (doubler, value) =>
    Effect.runPromise(Effect.gen(function* () {
      const answer = yield* Deferred.make();
      yield* Queue.offer(doubler, { value, answer });
      return yield* Deferred.await(answer);
    })),
  spawn(onStarted) {
    let count = 0;
    const queue = make((message) => {
      if (message === "start") onStarted();
      else count += message.left;
    });
    Queue.offerUnsafe(queue, "start");
    return queue;
  },
  failing(onStarted) {
    const queue = Effect.runSync(Queue.unbounded());
    const life = Effect.gen(function* () {
      onStarted(queue);
      yield* Queue.take(queue);
      return yield* Effect.fail(new Error("Cannot go on"));
    });
    Effect.runFork(Effect.retry(life, { while: () => true }));
  },
});
