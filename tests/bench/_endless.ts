/**
 * A run of benchmarks of which the second never ends, and neither does what it has started: that holds a
 * connection to the port that is given.
 *
 * @module
 */
import { defineTask, runClient } from "../../tasks/_cli.ts";
import { type Bench, rowOf } from "./_bench.ts";
import { measure } from "./main.ts";

/** Enough for the process to have connected, on a machine that is busy. */
const LIMIT_MS = 5000;

const task = defineTask({
  name: "endless",
  summary: "A run that hangs",
  env: "ENDLESS",
  flags: {},
  positionals: { usage: "PORT", help: "Where to connect to", min: 1, max: 1 },
});

await runClient(task, async (_options, { args: [port] }) => {
  const holds = `await (await Deno.connect({ port: ${port} })).read(new Uint8Array(1));`;
  const benches: readonly Bench[] = [
    { name: "ends", run: () => Promise.resolve([rowOf({ name: "a figure", unit: "ms", values: [1] })]) },
    {
      name: "never ends",
      run() {
        // With this one's output it would keep whoever reads that waiting.
        const apart = { stdout: "null", stderr: "null" } as const;
        new Deno.Command(Deno.execPath(), { args: ["eval", holds], ...apart }).spawn();
        return new Promise(() => {});
      },
    },
  ];
  const options = { quick: true, full: false, peers: false, json: false, report: false };
  await measure(benches, { ...options, limitMs: LIMIT_MS });
});
