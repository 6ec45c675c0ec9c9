/**
 * Servers of the y-protocols to be measured, each in a process of its own: the editor's task, and the
 * reference server of y-websocket, on Node and on Deno.
 *
 * @module
 */
import { freePort, root } from "../_helpers.ts";
import { installPeers } from "../_peers.ts";
import { lines } from "./_bench.ts";

export type WebSubjectKind = "Troupe" | "y-websocket on Node" | "y-websocket on Deno";

/**
 * Starts a program, says whether it could, and for each line of its input how many milliseconds of CPU time
 * all its threads have used.
 */
const RUNNER = `
import os, subprocess, sys
null = subprocess.DEVNULL
try: child = subprocess.Popen(sys.argv[1:], stdin=null, stdout=null, stderr=sys.stderr)
except OSError: sys.exit(print("absent"))
print("started", flush=True)
for _ in sys.stdin:
  fields = open(f"/proc/{child.pid}/stat").read().rpartition(")")[2].split()
  print((int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK"), flush=True)
child.kill()
child.wait()
`;

/** A server that listens. */
export class WebSubject implements AsyncDisposable {
  readonly port: number;
  /** The path of its one document. */
  readonly path: string;
  /** Milliseconds from its start until it took a connection. */
  readonly startMs: number;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #told: AsyncIterableIterator<string>;

  private constructor(
    { child, stdin, told }: Runner,
    { port, path, startMs }: { port: number; path: string; startMs: number },
  ) {
    this.#child = child;
    this.#stdin = stdin;
    this.#told = told;
    this.port = port;
    this.path = path;
    this.startMs = startMs;
  }

  /** Starts one; undefined where it is not on this machine. `file` is the document, where it is kept. */
  static async start(kind: WebSubjectKind, file: string): Promise<WebSubject | undefined> {
    const port = freePort();
    const command = kind === "Troupe" ? ours(port, file) : await reference(kind, port);
    if (command === undefined) return undefined;
    const startedAt = performance.now();
    const runner = run(command);
    if (await next(runner.told) !== "started") {
      await end(runner);
      return undefined;
    }
    await listening(port);
    const startMs = performance.now() - startedAt;
    return new WebSubject(runner, { port, path: kind === "Troupe" ? "/sync" : "/room", startMs });
  }

  /** CPU time of all its threads since it began. */
  async cpuMs(): Promise<number> {
    await this.#stdin.write(new Uint8Array([10]));
    return Number(await next(this.#told));
  }

  /** Kills it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await end({ child: this.#child, stdin: this.#stdin, told: this.#told });
  }
}

interface Command {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Runner {
  readonly child: Deno.ChildProcess;
  readonly stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly told: AsyncIterableIterator<string>;
}

function ours(port: number, file: string): Command {
  const task = `${root}tasks/editor_server.ts`;
  const flags = ["--host", "127.0.0.1", "--port", "0", "--web-port", `${port}`, "--file", file];
  return {
    args: [Deno.execPath(), "run", "-q", "-A", "--no-check", task, ...flags, "--log-level", "warn"],
  };
}

async function reference(kind: WebSubjectKind, port: number): Promise<Command | undefined> {
  const peers = await installPeers();
  if (peers === undefined) return undefined;
  const server = `${peers}/node_modules/y-websocket/bin/server.cjs`;
  const env = { HOST: "127.0.0.1", PORT: `${port}` };
  return kind === "y-websocket on Node"
    ? { args: ["node", server], env }
    : { args: [Deno.execPath(), "run", "-q", "-A", "--no-config", server], env };
}

function run({ args, env = {} }: Command): Runner {
  const child = new Deno.Command("/usr/bin/python3", {
    args: ["-c", RUNNER, ...args],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  return { child, stdin: child.stdin.getWriter(), told: lines(child.stdout) };
}

async function next(told: AsyncIterableIterator<string>): Promise<string> {
  const { value, done } = await told.next();
  if (done) throw new Error("Cannot measure: the server has ended");
  return value;
}

async function end({ child, stdin, told }: Runner): Promise<void> {
  await stdin.close().catch(() => {});
  await child.status;
  await told.return?.();
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 10_000; tries++) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    if (conn !== undefined) return conn.close();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error("Cannot measure: the server does not listen");
}
