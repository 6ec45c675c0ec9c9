/** Tries what takes rights that it was not given, and prints how each attempt failed. */
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { WorldError } from "../../actors/world/world.ts";

const { net, disk } = denoWorld();
const attempts: Record<string, () => unknown> = {
  listenTcp: () => net.listenTcp({ hostname: "127.0.0.1", port: 0 }),
  connectTcp: () => net.connectTcp({ hostname: "127.0.0.1", port: 9 }),
  bindUdp: () => net.bindUdp({ hostname: "127.0.0.1", port: 0 }),
  resolve: () => net.resolve("example.com"),
  fetch: () => net.fetch(new Request("http://127.0.0.1:8099/")),
  open: () => disk.open("some-file"),
  create: () => disk.open("some-file", { write: true, create: true }),
  list: () => disk.list("."),
  rename: () => disk.rename("some-file", "another"),
};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    console.log(`${name} worked`);
  } catch (error) {
    console.log(error instanceof WorldError ? `${name} ${error.kind} ${error.message}` : `${name} ${error}`);
  }
}
