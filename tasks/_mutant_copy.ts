/**
 * The copy of the repository in which mutants are planted, and those who are to find them there.
 *
 * @module
 */
import { Failure } from "./_cli.ts";
import { ImportGraph, testFilesOf } from "./_import_distance.ts";
import type { Killer } from "./_killers.ts";
import type { Mutant, Room } from "./_mutants.ts";

/** Who says nothing for so long hangs, which is a way to be found; machines have other things to do. */
const HUNG_MS = 180_000;

/** Where modules are that tests come to. */
const MODULES = ["actors", "protocols", "tasks", "tests", "mod.ts"];

/** Who found a mutant, in words for people and for the next run. */
export interface Found {
  readonly text: string;
  readonly killer: Killer;
}

interface Finished {
  readonly isGreen: boolean;
  readonly text: string;
}

/** Runs a command to its end, until it has said nothing for long, or is to end now. */
async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<Finished> {
  signal.throwIfAborted();
  const child = new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const kill = () => child.kill("SIGKILL");
  let hung = setTimeout(kill, HUNG_MS);
  signal.addEventListener("abort", kill);
  let text = "";
  try {
    for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
      clearTimeout(hung);
      hung = setTimeout(kill, HUNG_MS);
      text += piece;
    }
    const { success } = await child.status;
    signal.throwIfAborted();
    return { isGreen: success, text };
  } finally {
    clearTimeout(hung);
    signal.removeEventListener("abort", kill);
  }
}

/** A copy of the repository, with the changes of the working tree. */
export class MutantCopy implements AsyncDisposable {
  readonly #directory: string;
  readonly #signal: AbortSignal;
  #graph: ImportGraph | undefined;

  private constructor(directory: string, signal: AbortSignal) {
    this.#directory = directory;
    this.#signal = signal;
  }

  /**
   * Copies what git knows of `root` to a directory, which is made anew. What runs there ends with `signal`.
   */
  static async make(root: string, directory: string, signal: AbortSignal): Promise<MutantCopy> {
    await Deno.remove(directory, { recursive: true }).catch(() => {});
    const { isGreen, text } = await run(
      "git",
      ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
      root,
      signal,
    );
    if (!isGreen) throw new Failure("Cannot copy the repository: git does not list its files");
    for (const file of text.split("\0")) {
      if (file === "") continue;
      const target = `${directory}/${file}`;
      await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
      // A file that was removed and not committed yet.
      await Deno.copyFile(`${root}${file}`, target).catch(() => {});
    }
    return new MutantCopy(directory, signal);
  }

  /** Runs something while a mutant is planted. */
  async plant<T>({ file, from, to }: Mutant, body: () => Promise<T>): Promise<T> {
    const path = `${this.#directory}/${file}`;
    const source = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, source.replaceAll(from, () => to));
    try {
      return await body();
    } finally {
      await Deno.writeTextFile(path, source);
    }
  }

  /**
   * The first that fails twice of these tests, files or directories; null when none does. `first` is asked
   * first, then those that are nearest to what is planted in the file `changed`.
   */
  async failingTest(tests: readonly string[], changed?: string, first?: string): Promise<Found | null> {
    const files = await testFilesOf(this.#directory, tests);
    const graph = this.#graph ??= await ImportGraph.read(this.#directory, MODULES);
    const nearest = changed === undefined ? files : graph.nearestFirst(files, changed);
    const left = first === undefined ? nearest : [first, ...nearest.filter((file) => file !== first)];
    // A process costs a second, and a test that comes late costs all before it: more and more at once.
    for (let count = 1; left.length > 0; count *= 2) {
      const asked = left.splice(0, count);
      const { isGreen, text } = await this.#test(asked);
      if (isGreen) continue;
      const test = /=> (?:\.\/)?(tests\/\S+?_test\.ts)/.exec(text)?.[1] ?? asked[0] ?? "";
      const again = await this.#test([test]);
      // It was not the mutant: the machine may have been slow. Those that were not run any more are run.
      if (again.isGreen) left.unshift(...asked.slice(asked.indexOf(test) + 1));
      else {
        const name = /^(.*?) \.\.\. FAILED/m.exec(again.text)?.[1] ?? "does not end as it should";
        return { text: `${test}: ${name}`, killer: { test } };
      }
    }
    return null;
  }

  #test(files: readonly string[]): Promise<Finished> {
    return this.#deno(["test", "-q", "-A", "--no-check", "--fail-fast", ...files]);
  }

  /** The first violation that these campaigns find, `first` before all; null when they find none. */
  async failingCampaign(campaigns: Room["campaigns"], first?: Killer["campaign"]): Promise<Found | null> {
    if (campaigns.length === 0) return null;
    // Who found it when it was another campaign, or in another room's, finds it nowhere now.
    const isAsked = campaigns.some(([name]) => name === first?.[0]);
    const asked = JSON.stringify({ first: isAsked ? first : undefined, campaigns });
    const { isGreen, text } = await this.#judge(asked);
    if (isGreen) return null;
    const message = /^Cannot (?:pass|go on).*$/m.exec(text)?.[0].slice(0, 200);
    const [, name, seed] = /^Cannot pass "(.*?)" with seed (\d+)/.exec(message ?? "") ?? [];
    const killer: Killer = name === undefined ? {} : { campaign: [name, Number(seed)] };
    return { text: message ?? "the simulator does not end as it should", killer };
  }

  /** Sees that campaigns can be asked at all: what cannot be loaded finds every mutant. */
  async checkLoads(): Promise<void> {
    const { isGreen, text } = await this.#judge(JSON.stringify({ campaigns: [] }));
    if (!isGreen) throw new Failure(`Cannot judge mutants: the campaigns cannot be loaded. ${text.trim()}`);
  }

  #judge(asked: string): Promise<Finished> {
    return this.#deno(["run", "-q", "-A", "--no-check", "tasks/_find_violation.ts", asked]);
  }

  /** Sees that a file can be loaded with this planted in it: what cannot be is found by everybody. */
  async checkParses({ file, what }: Mutant): Promise<void> {
    const { isGreen } = await this.#deno(["eval", `await import(${JSON.stringify(`./${file}`)})`]);
    if (!isGreen) throw new Failure(`Cannot judge ${JSON.stringify(what)}: with it ${file} cannot be loaded`);
  }

  /** Runs all with nothing planted: what fails then is no judge. */
  async check({ tests, campaigns }: Room): Promise<void> {
    const failed = await this.failingCampaign(campaigns) ?? await this.failingTest(tests);
    if (failed !== null) throw new Failure(`Cannot judge mutants: this fails without any: ${failed.text}`);
  }

  #deno(args: readonly string[]): Promise<Finished> {
    return run(Deno.execPath(), args, this.#directory, this.#signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true }).catch(() => {});
  }
}
