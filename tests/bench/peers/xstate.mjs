/** XState: https://stately.ai/docs. Callback actors, its fastest; a machine costs more a message. */
import { createActor, fromCallback } from "xstate";
import { serve } from "./_shapes.mjs";

const started = (logic) => createActor(logic).start();

await serve({
  make: (receive) => started(fromCallback(({ receive: on }) => on(receive))),
  tell: (actor, message) => actor.send(message),
  makeDoubler: () =>
    started(
      fromCallback(({ receive }) =>
        receive(({ value, replyTo }) => replyTo.send({ type: "answer", value: value * 2 }))
      ),
    ),
  // There is no question: an actor for the answer, as its users write it.
  ask: (doubler, value) =>
    new Promise((resolve) => {
      const replyTo = started(fromCallback(({ receive }) => receive(({ value }) => resolve(value))));
      doubler.send({ type: "double", value, replyTo });
    }),
  spawn: (onStarted) =>
    started(fromCallback(({ receive }) => {
      let count = 0;
      receive(({ left }) => count += left);
      onStarted();
    })),
});
