/**
 * What is measured, or makes the load, in a process of its own that answers each line of its input with a
 * line.
 *
 * @module
 */
import { lines } from "./_bench.ts";
import { leaveOut } from "./_left_out.ts";

/** Where a process runs. */
export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The one core that it runs on, where the system can be told. @default any */
  readonly core?: number;
}

/** Server and load each on a core of their own: on one, they would wait for each other by turns. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Moves all threads of a process to a core: it may have some by now. */
async function pin(pid: number, core: number): Promise<void> {
  const args = ["--all-tasks", "--cpu-list", "--pid", `${core}`, `${pid}`];
  try {
    await new Deno.Command("taskset", { args, stdout: "null" }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    leaveOut("taskset (util-linux): a server and its load may share a core");
  }
}

/** A process that answers each line with a line, and ends with its input. */
export class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: AsyncIterableIterator<string>;
  readonly #pinned: Promise<void> | undefined;

  constructor(program: string, args: readonly string[], { env = {}, cwd, core }: ProcessOptions = {}) {
    this.#child = new Deno.Command(program, {
      args: [...args],
      env: { ...env },
      ...(cwd !== undefined && { cwd }),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#lines = lines(this.#child.stdout);
    if (core !== undefined && navigator.hardwareConcurrency > 1) this.#pinned = pin(this.#child.pid, core);
  }

  /** A script of this folder, with these rights. */
  static script(
    script: string,
    rights: readonly string[],
    args: readonly (string | number)[],
    options: ProcessOptions = {},
  ): Process {
    const path = new URL(script, import.meta.url).pathname;
    return new Process(
      Deno.execPath(),
      ["run", "-q", "--no-check", ...rights, path, ...args.map(String)],
      options,
    );
  }

  get pid(): number {
    return this.#child.pid;
  }

  async next(): Promise<string> {
    await this.#pinned;
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("Cannot measure: a process has ended");
    return value;
  }

  async ask(text: string): Promise<string> {
    await this.#stdin.write(new TextEncoder().encode(`${text}\n`));
    return await this.next();
  }

  /** Ends a process that does not end with its input. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdin.close().catch(() => {});
    await this.#child.status;
    await this.#lines.return?.();
  }
}
