/**
 * The long siege of a chat of three servers: `deno task siege [ROUNDS]`, so many rounds in which each
 * server is killed, and then frozen. Ends by itself, with 1 when something is wrong.
 *
 * @module
 */
import { runClient } from "../../../tasks/_cli.ts";
import { siege as task } from "../../../tasks/_tool_lines.ts";
import { resultText, siege } from "./_siege.ts";

await runClient(task, async (_options, { args: [rounds = "10"] }) => {
  const result = await siege({
    natsServers: 3,
    people: 30,
    rounds: Number(rounds),
    faults: ["kill", "freeze"],
    natsFaults: 6,
    calmMs: 3000,
  }, (text) => console.log(text));
  console.log(resultText(result));
  for (const line of result.wrong.slice(0, 20)) console.log(line);
  return result.wrong.length === 0 ? 0 : 1;
});
