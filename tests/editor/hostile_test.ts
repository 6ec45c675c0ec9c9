import { assert, assertEquals, assertMatch } from "@std/assert";
import type { CollaboratorEvent } from "../../actors/editor/collaboration_events.ts";
import { type DocumentCommand, sharedDocument } from "../../actors/editor/mod.ts";
import type { ReplicaFactory } from "../../actors/editor/replica.ts";
import { yjsReplica } from "../../actors/editor/yjs_replica.ts";
import { ActorSystem, denoWorld, type Ref } from "../../mod.ts";
import { tempDirectory, TestClient, until } from "../_helpers.ts";
import { MemoryDisk } from "../store/_memory_disk.ts";
import { FOREIGN, open, Provider, takenBy } from "./_web_clients.ts";

const HANDSHAKE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** Opens a WebSocket by hand, and gives the first line of the answer. */
async function upgrade(client: TestClient, head = "Host: localhost\r\n"): Promise<string> {
  await client.send(`GET /sync HTTP/1.1\r\n${head}${HANDSHAKE}`);
  return await client.line() ?? "";
}

Deno.test("editor: a message of 100 MB is refused by its head, whatever of it is sent", FOREIGN, async () => {
  await using directory = await tempDirectory();
  await using door = await open(directory);
  using browser = await Provider.open(door.url);
  const before = await takenBy(door);
  using client = await TestClient.connect(door.web);
  assertMatch(await upgrade(client), /101/);
  const head = new Uint8Array(14);
  head.set([0x82, 0xff]);
  new DataView(head.buffer).setUint32(6, 100_000_000);
  await client.send(head);
  const piece = new Uint8Array(65_536);
  const closed = client.closed();
  // Until the connection is gone: all of it at most.
  for (let sent = 0; sent < 100_000_000; sent += piece.length) {
    if (!await client.send(piece).then(() => true, () => false)) break;
  }
  await closed;
  browser.text.insert(0, "here");
  await until(
    async () => await (await fetch(`http://127.0.0.1:${door.web}/document`)).text() === "here",
    "the edit",
  );
  const grown = (await takenBy(door)).bytes - before.bytes;
  assert(grown < 80_000_000, `the server has ${grown} bytes more`);
});

Deno.test("editor: a page of another site and a name that is not ours open no WebSocket", async () => {
  await using directory = await tempDirectory();
  await using door = await open(directory);
  const own = `127.0.0.1:${door.web}`;
  for (
    const [head, status] of [
      [`Host: ${own}\r\nOrigin: http://evil.example\r\n`, "403"],
      [`Host: ${own}\r\nOrigin: null\r\n`, "403"],
      [`Host: evil.example:${door.web}\r\n`, "403"],
      [`Host: evil.example:${door.web}\r\nOrigin: http://evil.example:${door.web}\r\n`, "403"],
      [`Host: ${own}\r\nOrigin: http://${own}\r\n`, "101"],
    ] as const
  ) {
    using client = await TestClient.connect(door.web);
    assertEquals((await upgrade(client, head)).split(" ")[1], status, head);
  }
});

Deno.test(
  "editor: 1,000 sockets are served, one more is not, and who edits notices nothing",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    using ann = await Provider.open(door.url);
    using bob = await Provider.open(door.url);
    const before = await takenBy(door);
    const crowd: TestClient[] = [];
    try {
      while (crowd.length < 998) {
        const more = await Promise.all(Array.from({ length: 2 }, () => TestClient.connect(door.web)));
        crowd.push(...more);
        for (const client of more) assertMatch(await upgrade(client), /101/);
      }
      using late = await TestClient.connect(door.web);
      assertMatch(await upgrade(late).catch(() => ""), /^$|503|full/i);
      ann.text.insert(0, "typed in a crowd");
      await until(() => bob.value === "typed in a crowd", "the edit");
      const crowded = await takenBy(door);
      const each = (crowded.bytes - before.bytes) / crowd.length;
      assert(each < 100_000, `a socket costs ${each} bytes`);
      assert(crowded.descriptors - before.descriptors < crowd.length + 10);
    } finally {
      for (const client of crowd) client[Symbol.dispose]();
    }
    // The descriptors come back at once.
    await until(
      async () => (await takenBy(door)).descriptors <= before.descriptors + 5,
      "the sockets to be closed",
    );
  },
);

Deno.test("editor: what merges edits is made when somebody comes to the web door, and let go when nobody is there", async () => {
  const memory = new MemoryDisk();
  const log = { enabled: () => false, write: () => {} };
  const system = new ActorSystem("test", { world: { ...denoWorld(), disk: memory.disk, log } });
  let [made, letGo] = [0, 0];
  const counting: ReplicaFactory = (options) => {
    made++;
    const replica = yjsReplica(options);
    const destroy = replica.destroy.bind(replica);
    replica.destroy = () => {
      letGo++;
      destroy();
    };
    return replica;
  };
  const document: Ref<DocumentCommand> = system.spawn(
    "document",
    sharedDocument({ path: "doc", replica: () => Promise.resolve(counting), desertedMs: 30 }),
  );
  for (let visit = 1; visit <= 2; visit++) {
    assertEquals([made, letGo], [visit - 1, visit - 1]);
    let told = 0;
    const member: Ref<CollaboratorEvent> = system.spawn<CollaboratorEvent>(
      `visitor${visit}`,
      (self) => (event) => {
        told++;
        if (event.type === "refused") self.stop();
      },
    );
    document.tell({ type: "collaborate", member, label: "somebody" });
    await until(() => told > 0, "the document to greet its visitor");
    assertEquals([made, letGo], [visit, visit - 1]);
    member.tell({ type: "refused", code: 1000, reason: "it leaves" });
    await until(() => letGo === visit, "the copy to be let go");
  }
  await system.stop();
});
