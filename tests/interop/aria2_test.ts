import { assertEquals } from "@std/assert";
import { ARIA2_FLAGS } from "../_aria2.ts";
import { available, freePort, startProcess, type TestProcess } from "../_helpers.ts";
import { testClient } from "./_torrent_clients.ts";

function aria2(directory: string, ...more: string[]): TestProcess {
  return startProcess("aria2c", [
    ...ARIA2_FLAGS,
    "--bt-stop-timeout=50",
    `--dir=${directory}`,
    ...more,
  ]);
}

testClient({
  name: "aria2c",
  isHere: await available("aria2c", "--version"),
  async get(source, directory) {
    await using client = aria2(directory, "--seed-time=0", `--listen-port=${freePort()}`, source);
    const { code, stdout } = await client.ended();
    assertEquals(code, 0, stdout);
  },
  seed: (torrent, directory, port) =>
    aria2(
      directory,
      "--check-integrity",
      "--seed-ratio=0",
      "--seed-time=9999",
      `--listen-port=${port}`,
      torrent,
    ),
});
