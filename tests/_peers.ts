/**
 * Programs of others, out of npm, that tests and benchmarks run: `tests/bench/peers/package.json` names them.
 *
 * @module
 */
import { root } from "./_helpers.ts";

/** Installs them below `.tmp/`; gives the folder, or undefined where they cannot be had. */
export async function installPeers(): Promise<string | undefined> {
  const directory = `${root}.tmp/peers`;
  const isInstalled = () =>
    Deno.stat(`${directory}/node_modules/y-websocket/bin/server.cjs`).then(() => true, () => false);
  if (await isInstalled()) return directory;
  await Deno.mkdir(directory, { recursive: true });
  await Deno.copyFile(`${root}tests/bench/peers/package.json`, `${directory}/package.json`);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "-q", "--node-modules-dir=auto"],
    cwd: directory,
    stdout: "null",
    stderr: "null",
  }).output();
  return success && await isInstalled() ? directory : undefined;
}
