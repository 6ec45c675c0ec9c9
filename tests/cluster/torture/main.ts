/**
 * The long torture: `deno task torture MINUTES`. Ends by itself, with 1 when something is wrong.
 *
 * @module
 */
import { runClient } from "../../../tasks/_cli.ts";
import { torture as task } from "../../../tasks/_tool_lines.ts";
import { resultText, torture } from "./_torture.ts";

await runClient(task, async (_options, { args: [minutes = "10"] }) => {
  const result = await torture({
    seconds: Number(minutes) * 60,
    servers: 3,
    leaseTtlMs: 2000,
    killEveryMs: 20_000,
    freezeEveryMs: 25_000,
    killServerEveryMs: 30_000,
    fence: "on",
  });
  console.log(resultText(result));
  for (const line of result.wrong.slice(0, 20)) console.log(line);
  return result.wrong.length === 0 ? 0 : 1;
});
