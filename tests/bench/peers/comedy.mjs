/** Comedy: https://github.com/untu/comedy. Actors in memory, which is its default mode. */
import actors from "comedy";
import { serve } from "./_shapes.mjs";

const system = actors({ log: { level: "silent" }, root: { mode: "in-memory" } });
system.getLog().setLevel(system.getLog().levels().Silent);
const root = await system.rootActor();

await serve({
  make: (receive) => root.createChild({ ball: receive }),
  tell: (actor, message) => void actor.send("ball", message),
  makeDoubler: () => root.createChild({ double: (value) => value * 2 }),
  ask: (actor, value) => actor.sendAndReceive("double", value),
  spawn(onStarted) {
    let count = 0;
    return root.createChild({ initialize: () => onStarted(), ball: ({ left }) => count += left });
  },
});
