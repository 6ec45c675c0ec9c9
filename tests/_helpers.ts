/**
 * What tests share: limits on waiting, real processes, raw clients, folders and certificates of their own.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { selfSigned } from "./_certificate.ts";
import { deadline, PATIENCE_MS } from "./_waiting.ts";

export { TestClient } from "./_client.ts";
export { freePort } from "./_free_port.ts";
export { deadline, PATIENCE_MS, until } from "./_waiting.ts";

/** The repository's folder. */
export const root: string = decodeURIComponent(new URL("..", import.meta.url).pathname);

/**
 * A folder that is removed with its content at the end of the block:
 * `await using directory = await tempDirectory()`.
 */
export interface TempDirectory extends AsyncDisposable {
  readonly path: string;
  /** The path of a name in the folder. */
  file(name: string): string;
}

/** Makes a folder under `.tmp/`, inside the tree, so that tests need no right outside of it. */
export async function tempDirectory(): Promise<TempDirectory> {
  await Deno.mkdir(`${root}.tmp`, { recursive: true });
  const path = await Deno.makeTempDir({ dir: `${root}.tmp` });
  return {
    path,
    file: (name) => `${path}/${name}`,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/**
 * Whether a program can be started here. Tests that need one say so:
 * `{ ignore: !await available("python3") }`.
 * Throws when it is there and the tests have no right to run it: the task `test` names all that they may.
 */
export async function available(program: string, ...args: string[]): Promise<boolean> {
  try {
    await new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}

/** Lines out of a stream, kept until asked for. */
class LineStream {
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  #cursor = 0;
  #text = "";
  #ended = false;
  readonly done: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.done = this.#read(stream);
  }

  get text(): string {
    return this.#text;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#text += text;
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      this.#lines.push(...parts);
      this.#wake();
    }
    if (rest !== "") this.#lines.push(rest);
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** The next line that holds `pattern`; what stands before it is passed over. */
  async line(pattern: string | RegExp): Promise<string> {
    while (true) {
      while (this.#cursor < this.#lines.length) {
        const line = this.#lines[this.#cursor++] ?? "";
        if (typeof pattern === "string" ? line.includes(pattern) : pattern.test(line)) return line;
      }
      if (this.#ended) throw new Error(`Cannot find ${pattern}: the output ended:\n${this.#text}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Resolves once the text so far holds `pattern`: for prompts, which end no line. */
  async shows(pattern: string): Promise<void> {
    while (!this.#text.includes(pattern)) {
      if (this.#ended) throw new Error(`Cannot find ${pattern}: the output ended:\n${this.#text}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
}

/** Options of {@linkcode startProcess}. */
export interface ProcessOptions {
  /** @default the repository's folder */
  readonly cwd?: string;
  /** Added to this process's own environment. */
  readonly env?: Record<string, string>;
  /** A task: the program, and its arguments, that is to start it. @default none */
  readonly under?: readonly string[];
}

/** How a process ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real process; killed, if need be, at the end of the block: `await using server = startTask(…)`. */
export class TestProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #stdout: LineStream;
  readonly #stderr: LineStream;
  #inputClosed = false;
  #code: number | undefined;

  constructor(program: string, args: readonly string[], options: ProcessOptions = {}) {
    this.#child = new Deno.Command(program, {
      args: [...args],
      cwd: options.cwd ?? root,
      env: { NO_COLOR: "1", ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#stdout = new LineStream(this.#child.stdout);
    this.#stderr = new LineStream(this.#child.stderr);
    this.#awaitEnd();
  }

  async #awaitEnd(): Promise<void> {
    const [{ code }] = await Promise.all([this.#child.status, this.#stdout.done, this.#stderr.done]);
    this.#code = code;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** All of stdout so far. */
  get stdout(): string {
    return this.#stdout.text;
  }

  /** All of stderr so far. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /** Throws once it has ended, with what it said: for what `until` waits for, and it is to bring about. */
  assertRuns(): void {
    if (this.#code === undefined) return;
    throw new Error(`Cannot go on: the process has ended with ${this.#code}${this.said}`);
  }

  /** All that it has said so far, for errors. */
  get said(): string {
    return `\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }

  /** The next line of stdout that holds `pattern`. */
  line(pattern: string | RegExp, limitMs = PATIENCE_MS): Promise<string> {
    return this.#explained(deadline(this.#stdout.line(pattern), limitMs, `the line ${pattern}`));
  }

  /** The next line of stderr that holds `pattern`. */
  errorLine(pattern: string | RegExp, limitMs = PATIENCE_MS): Promise<string> {
    return this.#explained(deadline(this.#stderr.line(pattern), limitMs, `the line ${pattern} on stderr`));
  }

  /** Resolves once stdout holds `text`, also in an unfinished line (a prompt). */
  shows(text: string, limitMs = PATIENCE_MS): Promise<void> {
    return this.#explained(deadline(this.#stdout.shows(text), limitMs, `the text ${JSON.stringify(text)}`));
  }

  /** The port that the line with "listening" (or what `pattern` says) names last. */
  async port(pattern: string | RegExp = /listening/i): Promise<number> {
    const line = await this.line(pattern);
    const numbers = line.match(/\d+/g) ?? [];
    const named = /(?:port |\w:|\]:)(\d+)/.exec(line)?.[1] ?? numbers.at(-1);
    if (named === undefined) throw new Error(`Cannot find a port in ${JSON.stringify(line)}`);
    return Number(named);
  }

  /** Types a line. */
  async type(line: string): Promise<void> {
    await this.write(new TextEncoder().encode(line + "\n"));
  }

  /** Types bytes as they are. A program that has just ended reads them no more; its end says why. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await this.#stdin.write(bytes);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }

  /** Ends the input. */
  async closeInput(): Promise<void> {
    if (this.#inputClosed) return;
    this.#inputClosed = true;
    await this.#stdin.close().catch(() => {});
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the end. */
  async ended(limitMs = PATIENCE_MS): Promise<Ended> {
    const { code } = await this.#explained(deadline(this.#child.status, limitMs, "the end of the process"));
    await Promise.all([this.#stdout.done, this.#stderr.done]);
    await this.closeInput();
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  async #explained<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      throw new Error(`${error}${this.said}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.ended();
  }
}

/** Starts a program. */
export function startProcess(
  program: string,
  args: readonly string[],
  options?: ProcessOptions,
): TestProcess {
  return new TestProcess(program, args, options);
}

/** Names of `deno.json`'s tasks. */
export type TaskName = keyof typeof config.tasks;

/** Whether a name is that of a task. */
export function isTask(name: string): name is TaskName {
  return Object.hasOwn(config.tasks, name);
}

/**
 * Starts a task as `deno task NAME ARGS` does, with exactly its rights, but in a folder of the caller's
 * choice (inside the tree, where the rights hold) and without the process in between, so that signals reach
 * it.
 */
export function startTask(
  name: TaskName,
  args: readonly string[] = [],
  options: ProcessOptions = {},
): TestProcess {
  // What the shell of `deno task` would put there.
  const command = config.tasks[name].command.replace(
    "$(deno eval 'console.log(Deno.execPath())')",
    Deno.execPath(),
  );
  const [deno, ...words] = command.split(" ");
  if (deno !== "deno") throw new TypeError(`Cannot start task ${name}: its command is not deno's`);
  const own = words.flatMap((word) =>
    word.endsWith(".ts") ? [...certificateRights(words, args), root + word] : [word]
  );
  const [program = Deno.execPath(), ...before] = [...options.under ?? [], Deno.execPath()];
  return new TestProcess(program, [...before, ...own, ...args], options);
}

/**
 * The right to read the certificates that flags name. Sets grant the folder `tls/` alone, and a test makes
 * its own: as an operator does, it gives the right by a flag, which takes the place of the set's list.
 */
function certificateRights(words: readonly string[], args: readonly string[]): string[] {
  const files = args.filter((_, index) =>
    /^--(inspect-)?(tls-cert|tls-key)$|^--ca$/.test(args[index - 1] ?? "")
  );
  const set = words.find((word) => word.startsWith("-P="))?.slice(3) ?? "";
  const [, read] = Object.entries(config.permissions).find(([name]) => name === set) ?? [];
  const granted = read !== undefined && Array.isArray(read.read) ? read.read : undefined;
  return files.length === 0 || granted === undefined
    ? []
    : [`--allow-read=${[...granted, ...files].join(",")}`];
}

/** Runs a task to its end, with all its input given. */
export async function runTask(
  name: TaskName,
  args: readonly string[],
  options: ProcessOptions & { readonly input?: string } = {},
): Promise<Ended> {
  await using task = startTask(name, args, options);
  if (options.input) await task.type(options.input.replace(/\n$/, ""));
  await task.closeInput();
  return await task.ended();
}

/** A certificate for `localhost`, `127.0.0.1` and `::1`, as PEM files and text. It is its own authority. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate. */
export async function makeCertificate(directory: TempDirectory): Promise<TestCertificate> {
  const certFile = directory.file("cert.pem");
  const keyFile = directory.file("key.pem");
  const loopback = [Uint8Array.of(127, 0, 0, 1), Uint8Array.of(...new Array(15).fill(0), 1)];
  const { cert, key } = await selfSigned({ dns: ["localhost"], ip: loopback });
  await Promise.all([Deno.writeTextFile(certFile, cert), Deno.writeTextFile(keyFile, key)]);
  return { certFile, keyFile, cert, key };
}
