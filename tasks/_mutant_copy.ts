/**
 * The copy of the repository in which mutants are planted, and those who are to find them there.
 *
 * @module
 */
import { Failure } from "./_cli.ts";
import type { Mutant, Room } from "./_mutants.ts";

/**
 * What takes so much longer than without a mutant hangs, which is a way to be found; machines have other
 * things to do meanwhile.
 */
const HUNG_TIMES = 10;
const HUNG_MIN_MS = 60_000;
/** Where that is not known. */
const USUAL_MS = 60_000;

interface Finished {
  readonly isGreen: boolean;
  readonly text: string;
}

/** Runs a command to its end, or for so long. */
async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  limitMs?: number,
): Promise<Finished> {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const hung = limitMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), limitMs);
  try {
    const { success, stdout } = await child.output();
    return { isGreen: success, text: new TextDecoder().decode(stdout) };
  } finally {
    clearTimeout(hung);
  }
}

/** A copy of the repository, with the changes of the working tree. */
export class MutantCopy implements AsyncDisposable {
  readonly #directory: string;
  /** How long each command took where nothing was planted. */
  readonly #usualMs = new Map<string, number>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Copies what git knows of `root` to a folder, which is made anew. */
  static async make(root: string, directory: string): Promise<MutantCopy> {
    await Deno.remove(directory, { recursive: true }).catch(() => {});
    const { isGreen, text } = await run("git", ["ls-files", "-z"], root);
    if (!isGreen) throw new Failure("Cannot copy the repository: git does not list its files");
    for (const file of text.split("\0")) {
      if (file === "") continue;
      const target = `${directory}/${file}`;
      await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
      // A file that was removed and not committed yet.
      await Deno.copyFile(`${root}${file}`, target).catch(() => {});
    }
    return new MutantCopy(directory);
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

  /** The first of these tests that fails; null when none does. */
  async failingTest(tests: readonly string[]): Promise<string | null> {
    for (const path of tests) {
      const { isGreen, text } = await this.#deno(["test", "-q", "-A", "--no-check", "--fail-fast", path]);
      if (!isGreen) return /^(.*?) \.\.\. FAILED/m.exec(text)?.[1] ?? `${path} does not end as it should`;
    }
    return null;
  }

  /** The first violation that these campaigns find; null when they find none. */
  async failingCampaign(campaigns: readonly string[], seeds: number): Promise<string | null> {
    for (const campaign of campaigns) {
      const { isGreen, text } = await this.#deno([
        ...["run", "-q", "-A", "--no-check", "tasks/simulate.ts", "--fail-fast"],
        ...["--only", campaign, "--seeds", String(seeds)],
      ]);
      if (isGreen) continue;
      const why = /^Cannot pass (.*)$/m.exec(text)?.[1]?.slice(0, 200);
      return why ?? `${campaign} does not end as it should`;
    }
    return null;
  }

  /** Runs all with nothing planted: what fails then is no judge. */
  async check({ tests, campaigns }: Room, seeds: number): Promise<void> {
    const failed = await this.failingCampaign(campaigns, seeds) ?? await this.failingTest(tests);
    if (failed !== null) throw new Failure(`Cannot judge mutants: this fails without any: ${failed}`);
  }

  async #deno(args: readonly string[]): Promise<Finished> {
    const key = args.join(" ");
    const usualMs = this.#usualMs.get(key);
    const startedAt = performance.now();
    const limitMs = Math.max(HUNG_MIN_MS, HUNG_TIMES * (usualMs ?? USUAL_MS));
    const finished = await run(Deno.execPath(), args, this.#directory, limitMs);
    if (finished.isGreen) this.#usualMs.set(key, performance.now() - startedAt);
    return finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true }).catch(() => {});
  }
}
