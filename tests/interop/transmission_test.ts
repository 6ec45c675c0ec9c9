import { available, freePort, PATIENCE_MS, startProcess } from "../_helpers.ts";
import type { SharingNetwork } from "../sharing/_network.ts";
import { testClient } from "./_torrent_clients.ts";

/** What keeps Transmission on this machine. It asks for a configuration folder of its own. */
async function transmissionConfig(network: SharingNetwork, script: string): Promise<string> {
  const directory = network.file(`transmission-${crypto.randomUUID()}`);
  await Deno.mkdir(directory);
  const settings = {
    "dht-enabled": false,
    "lpd-enabled": false,
    "pex-enabled": false,
    "utp-enabled": false,
    "port-forwarding-enabled": false,
    "bind-address-ipv4": "127.0.0.1",
    "script-torrent-done-enabled": script !== "",
    "script-torrent-done-filename": script,
  };
  await Deno.writeTextFile(`${directory}/settings.json`, JSON.stringify(settings));
  return directory;
}

testClient({
  name: "transmission-cli",
  isHere: await available("transmission-cli", "--version"),
  async get(source, directory, network) {
    const config = await transmissionConfig(network, "");
    await using client = startProcess("transmission-cli", [
      ...["-g", config, "-w", directory, "-p", String(freePort()), "-M", "-et"],
      source,
    ]);
    await client.shows("Seeding", PATIENCE_MS);
  },
  seed: (torrent, directory, port, network) =>
    startProcess("transmission-cli", [
      ...["-g", network.file("transmission-seed"), "-w", directory, "-p", String(port), "-M", "-et", "-v"],
      torrent,
    ]),
});
