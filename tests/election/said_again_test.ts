import { assertEquals } from "@std/assert";
import { peer, type PeerNode } from "../../actors/election/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { decodePeerMessage, type FilesChanged } from "../../protocols/election_messages.ts";
import { greetingAnswer } from "../../protocols/peer_link.ts";
import { readLines, service, writeAll } from "../sim/_harness.ts";
import { IDLE_BEAT } from "./_wire.ts";

const PORT = 8080;
const NODES: readonly PeerNode[] = [1, 2].map((id) => ({
  id,
  address: { hostname: `n${id}`, port: PORT },
}));
const NONCE = "0123456789abcdef".repeat(2);

Deno.test("peer: who is linked is told of the directory again and again, since what was said on a connection that is given up may be lost", async () => {
  await simulate("said again", { seeds: 3 }, async (sim) => {
    const node = sim.host("n1");
    node.disk.write("/data/Node1/a.txt", "");
    node.start(service("peer", () =>
      peer({
        id: 1,
        nodes: NODES,
        listen: { hostname: "::", port: PORT },
        directory: "/data/Node1",
        logPath: "/data/Peer_files.log",
      })));
    // A node 2 of the test's own, which notes what it is told.
    const { world } = sim.host("n2");
    const told: FilesChanged[] = [];
    const listener = world.net.listenTcp({ hostname: "::", port: PORT });
    const serve = async () => {
      for (;;) {
        const connection = await listener.accept();
        await writeAll(connection, new TextEncoder().encode(greetingAnswer(2, NONCE) + IDLE_BEAT));
        const beat = () => {
          world.clock.timer(200, beat);
          writeAll(connection, new TextEncoder().encode(IDLE_BEAT)).catch(() => {});
        };
        beat();
        readLines(connection, (line) => {
          const message = line.startsWith("{") ? decodePeerMessage(line) : undefined;
          if (message?.type === "files") told.push(message);
        }).catch(() => {});
      }
    };
    serve().catch(() => {});
    await sim.until(() => told.length >= 3, 10_000, "it to be told three times");
    assertEquals(told, told.map(() => told[0]));
    assertEquals(told[0]?.count, 1);
  });
});
