/**
 * Servers whose output nobody reads.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { deadline, PATIENCE_MS, root, type TaskName } from "../_helpers.ts";

/** A server whose stdout nobody reads until somebody wants to. */
export class Unread implements AsyncDisposable {
  readonly child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(task: TaskName, args: readonly string[], cwd = root, env: Record<string, string> = {}) {
    const words = config.tasks[task].command.split(" ").slice(1);
    this.child = new Deno.Command(Deno.execPath(), {
      args: [
        ...words.map((word) => word.endsWith(".ts") ? root + word : word),
        "--host",
        "127.0.0.1",
        ...args,
      ],
      cwd,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reader = this.child.stdout.getReader();
  }

  /** What is there to be read now, one piece. */
  async read(): Promise<string> {
    const { value } = await deadline(this.#reader.read(), PATIENCE_MS, "a piece of the log");
    return new TextDecoder().decode(value);
  }

  /** Reads until the log shows `pattern`; a line may be in two pieces. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    let text = "";
    for (let found;; text = text.slice(-1000)) {
      text += await this.read();
      if ((found = pattern.exec(text)) !== null) return found;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#reader.cancel();
    await this.child.status;
  }
}
