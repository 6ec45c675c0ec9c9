/**
 * One program a task, with exactly the task's rights baked in.
 *
 * @module
 */
import { services } from "./services/mod.ts";
import { WITH_PAGES } from "./_tools.ts";
import { isSource, type Program, programs } from "./_programs.ts";
import { runProgram } from "./_run_program.ts";
import { defineTask, Failure, path, type Rights, runClient, text, UsageError } from "./_cli.ts";

/** The command line. */
export const task = defineTask({
  name: "compile",
  summary: "One program a server or client, that runs without Deno and has exactly its rights",
  env: "COMPILE",
  flags: {
    out: path({ help: "Folder of the programs", value: "DIR", default: "dist" }),
    target: text({
      help: "Kind of machine to compile for, as deno compile names it (by default this one)",
      value: "TRIPLE",
    }),
  },
  positionals: {
    usage: "[TASK…]",
    help: "Tasks to compile, such as chat:server; without any, all",
    max: 1000,
  },
  examples: ["", "chat:server chat:client", "--target aarch64-apple-darwin"],
});

if (import.meta.main) {
  await runClient(task, async ({ out, target, verbose }, { args, signal }) => {
    const all = await programs(services);
    const unknown = args.find((name) => !all.some((program) => program.name === name));
    if (unknown !== undefined) {
      throw new UsageError(
        `There is no program of the name ${unknown}: ${all.map(({ name }) => name).join(", ")}`,
      );
    }
    for (const program of all.filter(({ name }) => args.length === 0 || args.includes(name))) {
      const file = `${out}/${program.name.replace(":", "-")}`;
      await compile(program, file, { target, verbose, signal });
      console.log(`${program.name} is ${file}`);
    }
  });
}

/**
 * Rights as flags. A set in `deno.json` would do for `deno run`, but a compiled program has its relative
 * paths made
 * absolute, to where it was compiled; those of a flag are relative to where it runs. There the program's
 * own files are
 * not, and nothing needs to be denied.
 */
export function rightsFlags(rights: Rights): string[] {
  return Object.entries(rights).map(([name, granted]) =>
    granted === true
      ? `--allow-${name}`
      // Its modules are in the program.
      : `--allow-${name}=${granted.filter((path: string) => !isSource(path)).join(",")}`
  );
}

interface CompileOptions {
  readonly target: string | undefined;
  readonly verbose: boolean;
  readonly signal: AbortSignal;
}

async function compile(program: Program, file: string, options: CompileOptions): Promise<void> {
  const { target, verbose, signal } = options;
  const args = [
    ...["compile", "--quiet", "--no-check", "--no-prompt", ...rightsFlags(program.rights)],
    // Else each carries every package of deno.lock: 53 MB.
    "--exclude-unused-npm",
    ...(target === undefined ? [] : ["--target", target]),
    ...(WITH_PAGES.includes(program.name) ? ["--include", `${import.meta.dirname}/../dist/pages`] : []),
    ...["--output", file, `${import.meta.dirname}/../${program.script}`],
  ];
  const said = await runProgram(Deno.execPath(), args, { signal });
  if (said === undefined) return;
  if (verbose) console.error(said);
  // What `deno compile` puts the script into. It is fetched at the first use, from where not every machine
  // can fetch.
  if (/base binary|denort/i.test(said)) {
    throw new Failure(
      `Cannot compile ${program.name}: no base runtime could be fetched; DENORT_BIN may name a local one`,
    );
  }
  const [first = "it is not known why"] = said.split("\n").filter((line) => line.trim() !== "");
  throw new Failure(`Cannot compile ${program.name}: ${first.replace(/^\W*error\W*/, "")}`);
}
