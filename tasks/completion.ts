/**
 * Completion for shells, and the man page, on stdout.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { defineTask, runClient, UsageError } from "./_cli.ts";
import { commandLines } from "./_command_lines.ts";
import { completion, manPage } from "./_completion.ts";
import { write } from "./_stdio.ts";

/** The command line. */
export const task = defineTask({
  name: "completion",
  summary: "Prints completion for a shell, or the man page",
  env: "COMPLETION",
  flags: {},
  positionals: { usage: "bash|zsh|fish|man", help: "What to print", min: 1, max: 1 },
  examples: ["fish > ~/.config/fish/completions/deno.fish", "man > troupe.1"],
  check: (_options, [what]) =>
    what === "bash" || what === "zsh" || what === "fish" || what === "man"
      ? undefined
      : `${JSON.stringify(what)} is not one of bash, zsh, fish, man`,
});

if (import.meta.main) {
  await runClient(task, async (_options, { args: [what] }) => {
    const tasks = await commandLines();
    if (what === "man") write(manPage(tasks, config.version));
    else if (what === "bash" || what === "zsh" || what === "fish") write(completion(what, tasks));
    else throw new UsageError(`${what} is not known`);
  });
}
