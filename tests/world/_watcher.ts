/**
 * Watches a directory of the real world, and prints its names at each change, until its input ends.
 *
 * @module
 */
import { denoWorld } from "../../mod.ts";

const [directory = ""] = Deno.args;
const { disk } = denoWorld();
const watching = disk.watch(
  directory,
  async () => {
    const entries = await disk.list(directory);
    console.log(`there are ${entries.map(({ name }) => name).sort().join(", ")}`);
  },
  (error) => console.error(error.message),
);
console.log("watching");
for await (const _ of Deno.stdin.readable);
watching.cancel();
