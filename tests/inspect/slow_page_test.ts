import { assertEquals } from "@std/assert";
import { EventFeed, type Replay, replayInspector, SystemMetrics } from "../../actors/inspect/mod.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import type { TcpConnection } from "../../actors/world/world.ts";
import { ActorSystem } from "../../mod.ts";
import type { InspectorReplay } from "../../protocols/inspector.ts";
import { webSocketFrames, type WebSocketInput } from "../../protocols/web_socket.ts";

/** A replay that somebody else lets go on. */
class FakeReplay implements Replay {
  #state: InspectorReplay = { title: "a run", events: 0, trace: [], state: "waits" };
  #changed = () => {};

  get state(): InspectorReplay {
    return this.#state;
  }

  step(): void {}

  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  /** So much has happened, and it waits again. */
  come(events: number): void {
    this.#state = { ...this.#state, events };
    this.#changed();
  }
}

const UPGRADE = "GET /changes HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** Reads all that there is, and goes on to read; gives how far the replay was told to be. */
function replayedTo(connection: TcpConnection): readonly number[] {
  const told: number[] = [];
  const take = (input: WebSocketInput) => {
    const event = input.type === "message" ? JSON.parse(String(input.message)) : undefined;
    if (event?.type === "replay") told.push(event.replay.events);
  };
  const read = async () => {
    const byte = new Uint8Array(1);
    for (let head = ""; !head.endsWith("\r\n\r\n"); head += String.fromCharCode(...byte)) {
      await connection.read(byte);
    }
    const frames = webSocketFrames({ from: "server" });
    const buffer = new Uint8Array(65_536);
    for (let count; (count = await connection.read(buffer)) !== null;) {
      const inputs: WebSocketInput[] = [];
      frames.push(buffer.subarray(0, count), inputs);
      inputs.forEach(take);
    }
  };
  void read();
  return told;
}

Deno.test("replay: a page that was behind when the run came to a halt is told where it did", async () => {
  const sim = simWorld({ seed: 1 });
  const { world } = sim.host("server");
  const replay = new FakeReplay();
  const feed = new EventFeed(() => sim.now, { maxPerSecond: Infinity });
  const system = new ActorSystem("simulate", { world });
  const door = replayInspector({
    ...{ address: { hostname: "::", port: 80 }, title: "a run", hosts: () => [], feed, replay },
    ...{ metrics: new SystemMetrics(), now: () => sim.now },
  });
  system.spawn("inspect", door);
  const { net } = sim.host("page").world;
  const connection = await sim.settle(net.connectTcp({ hostname: "server", port: 80 }));
  await sim.settle(connection.write(new TextEncoder().encode(UPGRADE)));
  await sim.advance(1000);
  // More than a page takes that does not read.
  for (let line = 0; line < 400; line++) {
    feed.logged({ level: "info", actor: "/a", message: "x".repeat(2000) }, "a");
  }
  await sim.advance(1000);
  for (const events of [100, 5000, 10_120]) {
    replay.come(events);
    await sim.advance(1000);
  }
  const told = replayedTo(connection);
  await sim.advance(10_000);
  assertEquals(told, [0, 10_120]);
  await sim.settle(system.stop());
});
