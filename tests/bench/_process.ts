/**
 * What is measured, or makes the load, in a process of its own that answers each line of its input with a
 * line.
 *
 * @module
 */
import { lines } from "./_bench.ts";

/** Where a process runs. */
export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A process that answers each line with a line, and ends with its input. */
export class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: AsyncIterableIterator<string>;

  constructor(program: string, args: readonly string[], { env = {}, cwd }: ProcessOptions = {}) {
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
