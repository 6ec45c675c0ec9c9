/** Nact: https://nact.xyz */
import { dispatch, query, spawn, start } from "nact";
import { serve } from "./_shapes.mjs";

const system = start();
let actors = 0;
const named = (handle) => spawn(system, handle, `actor-${actors++}`);

await serve({
  make: (receive) => named((_state, message) => void receive(message)),
  tell: dispatch,
  makeDoubler: () => named((_state, { value, sender }) => void dispatch(sender, value * 2)),
  ask: (doubler, value) => query(doubler, (sender) => ({ value, sender }), 5000),
  // It starts at its first message.
  spawn(onStarted) {
    let count = 0;
    const actor = named((_state, message) => {
      if (message === "start") onStarted();
      else count += message.left;
    });
    dispatch(actor, "start");
    return actor;
  },
  failing: (onStarted) =>
    spawn(
      system,
      () => {
        throw new Error("Cannot go on");
      },
      `failing-${actors++}`,
      { initialStateFunc: ({ self }) => onStarted(self), onCrash: (_message, _error, { reset }) => reset },
    ),
});
