/**
 * Programs that a task runs to their end.
 *
 * @module
 */

/** Runs a program without a word. Gives what it said on its error output if it failed, else nothing. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, signal }: { readonly cwd?: string; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    // Its colours would be part of the line that tells of it.
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal,
  }).output();
  return success ? undefined : new TextDecoder().decode(stderr);
}
