/**
 * Scenes of the editor by its rules: what the client shows of a server that a script plays.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { editorClient, type EditorClientCommand } from "../../actors/editor/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import type { TcpConnection } from "../../actors/world/world.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { freshHost, SOON_MS } from "./_editor_stage.ts";
import { readLines, writeAll } from "./_harness.ts";

const PORT = 8080;

/** A line of others that stood there before is none of the client's own, though it sends the same later. */
export async function alike(sim: SimWorld): Promise<void> {
  const server = freshHost(sim, "script");
  const listener = server.world.net.listenTcp({ hostname: "::", port: PORT });
  const document = ["first", "alike", "third"];
  const connections: TcpConnection[] = [];
  const got: string[] = [];
  const serve = async () => {
    for (;;) {
      const connection = await listener.accept();
      connections.push(connection);
      await writeAll(connection, new TextEncoder().encode(document.map((line) => `${line}\n`).join("")));
      readLines(connection, (line) => void got.push(line)).catch(() => {});
    }
  };
  serve().catch(() => {});
  const shown: string[] = [];
  const system = new ActorSystem("client", { world: freshHost(sim, "client").world });
  const client: Ref<EditorClientCommand> = system.spawn(
    "client",
    editorClient({
      address: { hostname: server.name, port: PORT },
      endsLines: true,
      reconnect: { minMs: 20, maxMs: 300, jitter: 0.2 },
      happened: (event) => void (event.type === "updated" && shown.push(event.text)),
    }),
  );
  await sim.until(() => shown.length === document.length, SOON_MS, "the document to be shown");
  client.tell({ type: "write", text: "alike" });
  await sim.until(() => got.length === 1, SOON_MS, "the client's line to come");
  document.push("alike", ...(sim.random.chance(0.5) ? ["alike"] : []), "last");
  const others = document.toSpliced(3, 1);
  connections.at(-1)?.close();
  await sim.until(() => shown.includes("last"), 10 * SOON_MS, "the last line to be shown");
  assertEquals(shown, others);
}
