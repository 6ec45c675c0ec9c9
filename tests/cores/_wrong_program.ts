/**
 * Programs on several cores that do not do what one has to, for the tests.
 *
 * @module
 */
import { ActorSystem, type Core, run } from "../../mod.ts";

const [mode, cores = "2", startTimeoutMs = "60000"] = Deno.args;

/** What each core runs. */
async function program({ world, index }: Core): Promise<ActorSystem> {
  switch (mode) {
    case "waits":
      world.log.write({ level: "warn", actor: "/", message: "waits for ever" });
      return await new Promise<never>(() => {});
    case "loops":
      for (;;);
    case "second waits":
      return await (index === 2 ? new Promise<never>(() => {}) : new ActorSystem("demo", { world }));
    case "gives nothing":
      // @ts-expect-error what a program without types may do
      return undefined;
    case "gives a function":
      // @ts-expect-error what a program without types may do
      return () => {};
    default:
      // @ts-expect-error what a program without types may do
      return new ActorSystem("demo", { world }).spawn("actor", () => () => {});
  }
}

/** In a thread of its own this is the main module, too. */
const isCore = "WorkerGlobalScope" in globalThis;

if (mode !== "does not run" || !isCore) {
  await run(program, { cores: Number(cores), startTimeoutMs: Number(startTimeoutMs) });
}
