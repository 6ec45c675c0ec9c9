/**
 * The command lines of tools that are read without their code: it is in `tests/`, or made of all of them.
 *
 * @module
 */
import { defineTask, text, toggle } from "./_cli.ts";

/** `deno task bench`. */
export const bench = defineTask({
  name: "bench",
  summary: "Measures Troupe, each figure beside the least that could do the work, in turns in the same run",
  env: "BENCH",
  flags: {
    only: text({ help: "Only the benchmarks whose name has this in it", value: "NAME", env: [] }),
    full: toggle({
      help: "All benchmarks in all rounds, not those of README in three: half an hour",
      env: [],
    }),
    noPeers: toggle({ help: "Leave out what others have made: a third of the time", env: [] }),
    quick: toggle({ help: "So short that the figures mean nothing: shows that it runs", env: [] }),
    json: toggle({ help: "One JSON object a line in place of the table, for bench:report", env: [] }),
    report: toggle({ help: "Also a page with plots, .tmp/benchmarks.html", env: [] }),
    list: toggle({ help: "Print the names of the benchmarks, and end", env: [] }),
  },
  examples: ["", "--only echo", "--full --report", "--list"],
});

/** `deno task torture`. */
export const torture = defineTask({
  name: "torture",
  summary: "A cluster of processes that are killed and frozen while clients work",
  env: "TORTURE",
  flags: {},
  positionals: { usage: "[MINUTES]", help: "How long; without it, ten minutes", max: 1 },
  examples: ["", "30"],
  check: (_options, args) => problemOf(args),
});

/** `deno task siege`. */
export const siege = defineTask({
  name: "siege",
  summary: "A chat of three servers that are killed and frozen while 30 people talk",
  env: "SIEGE",
  flags: {},
  positionals: {
    usage: "[ROUNDS]",
    help: "How often each server is killed, and frozen; without it, ten times",
    max: 1,
  },
  examples: ["", "3"],
  check: (_options, args) => countProblemOf(args),
});

/** `deno task kills`. */
export const kills = defineTask({
  name: "kills",
  summary: "kill -9 of each service that keeps something, under load",
  env: "KILLS",
  flags: {},
  positionals: {
    usage: "[ROUNDS] [SECONDS]",
    help: "How many kills of each service (10), and how long each is under load before it (2 seconds)",
    max: 2,
  },
  examples: ["", "100 1"],
  check: (_options, args) => countProblemOf(args.slice(0, 1)) ?? problemOf(args),
});

/** What it prints. */
const WHAT = ["bash", "zsh", "fish", "man"];

/** `deno task completion`. */
export const completion = defineTask({
  name: "completion",
  summary: "Prints completion for a shell, or the man page",
  env: "COMPLETION",
  flags: {},
  positionals: { usage: "bash|zsh|fish|man", help: "What to print", min: 1, max: 1, words: WHAT },
  examples: ["fish > ~/.config/fish/completions/deno.fish", "man > troupe.1"],
  check: (_options, [what]) =>
    what !== undefined && WHAT.includes(what)
      ? undefined
      : `${JSON.stringify(what)} is not one of bash, zsh, fish, man`,
});

/** The longest, and the most rounds, that make sense. */
const MAX_NUMBER = 10_000;

/** What is wrong with numbers that are given beside flags, if something is. */
function problemOf(args: readonly string[]): string | undefined {
  const wrong = args.find((arg) =>
    !/^\d+(\.\d+)?$/.test(arg) || Number(arg) <= 0 || Number(arg) > MAX_NUMBER
  );
  return wrong === undefined ? undefined : `${JSON.stringify(wrong)} is not a number up to ${MAX_NUMBER}`;
}

/** The same of rounds, of which there are no halves. */
function countProblemOf(args: readonly string[]): string | undefined {
  const wrong = args.find((arg) => !/^\d+$/.test(arg));
  return wrong === undefined
    ? problemOf(args)
    : `${JSON.stringify(wrong)} is not a whole number up to ${MAX_NUMBER}`;
}
