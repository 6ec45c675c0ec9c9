import type { Section } from "./section.ts";
import type { Told } from "./simulator_worker.ts";

/** How long the simulator may take, on a slow machine too. */
const SIMULATION_MS = 60_000;

/** The simulator, in a thread of its own. */
export const simulatorSection: Section = {
  name: "simulator",
  title: "The simulator: a bug that is a number",
  about:
    "A counter answers when its total is written, not when it is on the disk. Its machine loses power, again and again.",
  async play(stage) {
    const worker = new Worker(new URL("./simulator_worker.ts", import.meta.url), { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    worker.onmessage = ({ data: told }: MessageEvent<Told>) => {
      if (told.type === "over") resolve(told.missing);
      else if (told.type === "says") stage.says(told.who, told.text);
      else stage.note(told.text);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    try {
      const missing = await stage.soon(promise, "the simulator is through", SIMULATION_MS);
      stage.check(missing === undefined, missing ?? "");
    } finally {
      worker.terminate();
    }
  },
};
