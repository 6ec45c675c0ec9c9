import { assertEquals } from "@std/assert";
import { fileCollector } from "../../actors/election/file_collector.ts";
import type { FileLogCommand } from "../../actors/election/file_log.ts";
import { ActorSystem } from "../../mod.ts";
import { encodeFileList } from "../../protocols/file_list.ts";
import { toHex } from "../../protocols/peer_auth.ts";
import { writeAll } from "../sim/_harness.ts";
import { inWorlds } from "../_worlds.ts";

const PORT = 8080;

Deno.test("file collector: a folder that changes while its list is asked for is asked for again, at once", () =>
  inWorlds(async (sim) => {
    const { world } = sim.host("n1");
    const system = new ActorSystem("leader", { world });
    const logged: string[] = [];
    const log = system.spawn<FileLogCommand>("log", () => (command) => {
      if (command.type === "write") logged.push(command.text);
    });
    const owner = system.spawn<object>("owner", () => () => {});
    const nodes = [1, 2].map((id) => ({ id, address: { hostname: `n${id}`, port: PORT } }));
    const collector = system.spawn(
      "collector",
      fileCollector({ ownId: 1, nodes, logPath: "log", log, owner }),
    );
    const tell = (version: number, name: string) => {
      const list = new TextEncoder().encode(encodeFileList([name]));
      const sha256 = toHex(world.hash.digest("SHA-256", list));
      collector.tell({ type: "peer-files", peer: 2, files: { type: "files", version, count: 1, sha256 } });
    };
    // Node 2 goes on sending the list that it had for as long as a question is tried.
    let asked = 0;
    const listener = sim.host("n2").world.net.listenTcp({ hostname: "::", port: PORT });
    const serve = async () => {
      for (;;) {
        const connection = await listener.accept();
        if (++asked === 1) tell(2, "new.txt");
        await writeAll(
          connection,
          new TextEncoder().encode(encodeFileList([asked <= 3 ? "old.txt" : "new.txt"])),
        );
        await connection.closeWrite();
      }
    };
    serve().catch(() => {});
    collector.tell({ type: "directory", names: [], version: 1, sha256: "" });
    collector.tell({ type: "members", members: [1, 2] });
    tell(1, "old.txt");
    collector.tell({ type: "lead", term: 1, fenced: true });
    await sim.until(() => logged.some((text) => text.includes("new.txt")), 2000);
    assertEquals(asked, 4);
    await sim.settle(system.stop());
  }));
