/**
 * Files of other kinds, made by the system's own tools: Deno makes links only for those who may write
 * everywhere.
 *
 * @module
 */

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  if (!success) {
    throw new Error(`Cannot run ${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}

/** Makes a symbolic link at `path` to `target`. */
export async function symlink(target: string, path: string): Promise<void> {
  await run("ln", "-s", target, path);
}

/** Makes a FIFO: who opens it waits for the other side, for ever if need be. */
export async function fifo(path: string): Promise<void> {
  await run("mkfifo", path);
}

/** Makes another name of a file. */
export async function hardLink(path: string, name: string): Promise<void> {
  await run("ln", path, name);
}
