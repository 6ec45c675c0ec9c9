/**
 * Completion for shells, and the man page, on stdout.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { runClient, UsageError } from "./_cli.ts";
import { commandLines } from "./_command_lines.ts";
import { completion, manPage } from "./_completion.ts";
import { write } from "./_stdio.ts";
import { completion as task } from "./_tool_lines.ts";

if (import.meta.main) {
  await runClient(task, async (_options, { args: [what] }) => {
    const tasks = await commandLines();
    if (what === "man") write(manPage(tasks, config.version));
    else if (what === "bash" || what === "zsh" || what === "fish") {
      write(completion(what, tasks, config.tasks));
    } else throw new UsageError(`${what} is not known`);
  });
}
