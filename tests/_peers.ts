/**
 * Programs of others, out of npm, that tests and benchmarks run: `tests/bench/peers/package.json` names them,
 * and beside it each is set up in a file of its own.
 *
 * @module
 */
import { root } from "./_helpers.ts";

const SOURCE = `${root}tests/bench/peers`;
const DIRECTORY = `${root}.tmp/peers`;

/** Whether what is there is what `package.json` names. */
async function isInstalled(): Promise<boolean> {
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(`${SOURCE}/package.json`),
  );
  for (const [name, wanted] of Object.entries(dependencies)) {
    const text = await Deno.readTextFile(`${DIRECTORY}/node_modules/${name}/package.json`).catch(() => "{}");
    const { version }: { version?: string } = JSON.parse(text);
    if (version !== wanted) return false;
  }
  return true;
}

/** Installs them below `.tmp/`; gives the directory, or undefined where they cannot be installed. */
export async function installPeers(): Promise<string | undefined> {
  await Deno.mkdir(DIRECTORY, { recursive: true });
  for await (const { name, isFile } of Deno.readDir(SOURCE)) {
    // Whole at each moment: tests that run side by side do the same.
    if (!isFile) continue;
    const copy = await Deno.makeTempFile({ dir: DIRECTORY });
    await Deno.copyFile(`${SOURCE}/${name}`, copy);
    await Deno.rename(copy, `${DIRECTORY}/${name}`);
  }
  if (await isInstalled()) return DIRECTORY;
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "-q", "--frozen", "--node-modules-dir=auto"],
    cwd: DIRECTORY,
    stdout: "null",
    stderr: "null",
  }).output();
  return success && await isInstalled() ? DIRECTORY : undefined;
}
