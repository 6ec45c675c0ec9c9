import { available, startProcess } from "../_helpers.ts";
import { PYTHON, testClient } from "./_torrent_clients.ts";

const LIBTORRENT = new URL("_libtorrent.py", import.meta.url).pathname;

async function hasLibtorrent(): Promise<boolean> {
  if (!await available(PYTHON, "--version")) return false;
  const { success } = await new Deno.Command(PYTHON, {
    args: ["-c", "import libtorrent"],
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

testClient({
  name: "libtorrent",
  isHere: await hasLibtorrent(),
  async get(source, directory) {
    await using client = startProcess(PYTHON, [LIBTORRENT, "get", source, directory]);
    await client.line("complete");
  },
  seed: (torrent, directory, port) =>
    startProcess(PYTHON, [LIBTORRENT, "seed", torrent, directory, String(port)]),
});
