/**
 * Scenes of the editor by its rules: what the client shows of a server that a script plays.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { editorClient, type EditorClientCommand } from "../../actors/editor/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import type { TcpConnection, World } from "../../actors/world/world.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { freshHost, SOON_MS } from "./_editor_stage.ts";
import { readLines, writeAll } from "./_harness.ts";

const PORT = 8080;

/** A server that sends its lines to whoever comes, and does with what it is sent as a scene has it. */
class Script {
  readonly lines: string[];
  readonly got: string[] = [];
  /** What the client shows. */
  readonly shown: string[] = [];
  readonly client: Ref<EditorClientCommand>;
  #connection: TcpConnection | undefined;

  constructor(sim: SimWorld, lines: readonly string[]) {
    this.lines = [...lines];
    const server = freshHost(sim, "script");
    this.#serve(server.world).catch(() => {});
    const system = new ActorSystem("client", { world: freshHost(sim, "client").world });
    this.client = system.spawn(
      "client",
      editorClient({
        address: { hostname: server.name, port: PORT },
        endsLines: true,
        reconnect: { minMs: 20, maxMs: 300, jitter: 0.2 },
        happened: (event) => void (event.type === "updated" && this.shown.push(event.text)),
      }),
    );
  }

  async #serve({ net }: World): Promise<void> {
    const listener = net.listenTcp({ hostname: "::", port: PORT });
    for (;;) {
      this.#connection = await listener.accept();
      const text = this.lines.map((line) => `${line}\n`).join("");
      await writeAll(this.#connection, new TextEncoder().encode(text));
      readLines(this.#connection, (line) => void this.got.push(line)).catch(() => {});
    }
  }

  /** The connection is lost, and the client comes back. */
  cut(): void {
    this.#connection?.close();
  }
}

/** Of two lines that are alike, each is whose it is by its place. */
export async function alike(sim: SimWorld): Promise<void> {
  const script = new Script(sim, ["first", "alike", "third"]);
  await sim.until(() => script.shown.length === 3, SOON_MS, "the document to be shown");
  script.client.tell({ type: "write", text: "alike" });
  await sim.until(() => script.got.length === 1, SOON_MS, "the client's line to come");
  const more = sim.random.chance(0.5) ? ["alike", "last"] : ["last"];
  script.lines.push("alike", ...more);
  script.cut();
  await sim.until(() => script.shown.includes("last"), 10 * SOON_MS, "the last line to be shown");
  assertEquals(script.shown, ["first", "alike", "third", ...more]);
}
