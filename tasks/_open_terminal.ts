/**
 * The terminal of the process, or the pipe that stands for it.
 *
 * @module
 */
import { PipedTerminal } from "./_piped_terminal.ts";
import { RealTerminal } from "./_real_terminal.ts";
import { Input } from "./_stdio.ts";
import { isDumb, type Terminal } from "./_terminal.ts";

/**
 * Opens the process's own terminal, or the pipe that stands for it.
 *
 * @param signal ends the input when it is aborted: give a client's own, so that Ctrl-C ends a question too
 */
export function openTerminal(signal?: AbortSignal): Terminal {
  const input = new Input(signal);
  const isTerminal = Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  return isTerminal && !isDumb() ? new RealTerminal(input) : new PipedTerminal(input, { isTerminal });
}
