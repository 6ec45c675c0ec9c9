/**
 * The long siege of a chat of three servers: `deno task siege [KILLS]`, so many kills of each server. Ends by
 * itself, with 1 when something is wrong.
 *
 * @module
 */
import { resultText, siege } from "./_siege.ts";

const result = await siege({
  natsServers: 3,
  people: 30,
  killsEach: Number(Deno.args[0] ?? 10),
  natsKills: 3,
  calmMs: 3000,
}, (text) => console.log(text));
console.log(resultText(result));
for (const line of result.wrong.slice(0, 20)) console.log(line);
Deno.exit(result.wrong.length === 0 ? 0 : 1);
