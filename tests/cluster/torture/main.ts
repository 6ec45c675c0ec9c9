/**
 * The long torture: `deno task torture MINUTES`. Ends by itself, with 1 when
 * something is wrong.
 *
 * @module
 */
import { resultText, torture } from "./_torture.ts";

const result = await torture({
  seconds: Number(Deno.args[0] ?? 10) * 60,
  servers: 3,
  leaseTtlMs: 2000,
  killEveryMs: 20_000,
  freezeEveryMs: 25_000,
  killServerEveryMs: 30_000,
  fence: "on",
});
console.log(resultText(result));
for (const line of result.wrong.slice(0, 20)) console.log(line);
Deno.exit(result.wrong.length === 0 ? 0 : 1);
