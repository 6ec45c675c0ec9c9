/**
 * A terminal as people see it: a shell in tmux, keys that are pressed, and what the screen shows.
 *
 * @module
 */
import { root, type TempDirectory, until } from "../_helpers.ts";

/** Runs tmux; gives what it prints. */
async function tmux(socket: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("tmux", {
    args: ["-S", socket, "-f", "/dev/null", ...args],
    env: { LANG: "C.UTF-8", LC_ALL: "C.UTF-8" },
  }).output();
  if (!success) throw new Error(`Cannot use tmux ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** A shell at a terminal. */
export class Screen implements AsyncDisposable {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Opens a terminal of 80 columns and 24 rows with a shell whose prompt is `READY$ `. */
  static async open(directory: TempDirectory): Promise<Screen> {
    const screen = new Screen(directory.file("tmux"));
    const shell = `cd '${root}' && PS1='READY$ ' exec bash --norc --noprofile -i`;
    await tmux(screen.#socket, "-u", "new-session", "-d", "-x", "80", "-y", "24", shell);
    await screen.shows("READY$");
    return screen;
  }

  /** Types a text as it is. */
  async type(text: string): Promise<void> {
    await tmux(this.#socket, "send-keys", "-l", text);
  }

  /** Presses keys, as tmux calls them: `Enter`, `C-z`, `BSpace`. */
  async press(...keys: readonly string[]): Promise<void> {
    await tmux(this.#socket, "send-keys", ...keys);
  }

  /** Sends bytes as a terminal would. */
  async send(text: string): Promise<void> {
    const bytes = [...new TextEncoder().encode(text)].map((byte) => byte.toString(16));
    await tmux(this.#socket, "send-keys", "-H", ...bytes);
  }

  /** Pastes a text, marked as such where the program has asked for it. */
  async paste(text: string): Promise<void> {
    await tmux(this.#socket, "set-buffer", "--", text);
    await tmux(this.#socket, "paste-buffer", "-p", "-r");
  }

  async resize(columns: number): Promise<void> {
    await tmux(this.#socket, "resize-window", "-x", String(columns));
  }

  /** Types a command and presses return. */
  async run(command: string): Promise<void> {
    await this.type(command);
    await this.press("Enter");
  }

  /** What is on the screen. */
  async text(): Promise<string> {
    return (await tmux(this.#socket, "capture-pane", "-p")).trimEnd();
  }

  /** Resolves once the screen shows a text, or matches a pattern. */
  async shows(pattern: string | RegExp): Promise<string> {
    let text = "";
    const holds = async () => {
      text = await this.text();
      return typeof pattern === "string" ? text.includes(pattern) : pattern.test(text);
    };
    try {
      await until(holds, `the screen shows ${pattern}`);
    } catch (error) {
      throw new Error(`${error}\n--- screen\n${text}`, { cause: error });
    }
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await tmux(this.#socket, "kill-server");
  }
}
