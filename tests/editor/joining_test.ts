import { assertEquals } from "@std/assert";
import { editorServer } from "../../actors/editor/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { LineClient, service } from "../sim/_harness.ts";

const FILE = "/data/document.txt";
const PORT = 8080;

Deno.test("editor: who joins while somebody saves the file sees each line once, in the text or after it", async () => {
  await simulate("editor: who joins while somebody saves", { seeds: 60 }, async (sim) => {
    const server = sim.host("server", { logLevel: "error" });
    const { disk } = server;
    disk.write(FILE, "first\nsecond\n");
    const editor = () =>
      editorServer({ address: { hostname: "::", port: PORT }, file: FILE, idleFlushMs: 0 });
    server.start(service("editor", editor));
    await sim.advance(50);
    disk.slowness = 5;
    const join = async (name: string) => {
      const client = new LineClient(sim.host(name).world, { hostname: "server", port: PORT });
      await sim.until(() => client.isConnected, 1000, `${name} to be connected`);
      return client;
    };
    const reader = await join("reader");
    await sim.advance(sim.random.next() * 15);
    disk.write(FILE, "first\nby hand\nsecond\n");
    await sim.advance(50);
    const writer = await join("writer");
    writer.send("last");
    const [session] = reader.sessions;
    await sim.until(() => session?.received.includes("last") ?? false, 2000, "the last line to be told");
    assertEquals(session?.received.toSorted(), ["by hand", "first", "last", "second"]);
  });
});
