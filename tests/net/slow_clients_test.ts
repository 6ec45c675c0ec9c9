import { assert, assertEquals } from "@std/assert";
import type { Connection, Session } from "../../actors/net/mod.ts";
import { rawFrames } from "../../protocols/frames.ts";
import { TestClient, until } from "../_helpers.ts";
import { startLines, startServer } from "./_net.ts";

Deno.test("tcp server: a client that sends and does not read is not read from, and holds nobody up", async () => {
  let connection: Connection | undefined;
  await using server = await startServer({ frames: rawFrames }, (made) => {
    connection ??= made;
    return { frame: (bytes) => made.send(bytes) };
  });
  using deaf = await TestClient.connect(server.port);
  // It would go on for ever: the kernel's buffers fill, then the server stops reading, then this waits.
  const chunk = new Uint8Array(65536);
  let sent = 0;
  const sending = (async () => {
    while (sent < 200_000_000) sent += await deaf.conn.write(chunk);
  })().catch(() => {});
  let before = -1;
  await until(async () => {
    if (sent === before) return true;
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return false;
  }, "the server stops reading");
  assert(sent < 50_000_000, `${sent} bytes were taken`);
  assert((connection?.queuedBytes ?? 0) <= 2 * 65536, `${connection?.queuedBytes} bytes are queued`);
  using other = await TestClient.connect(server.port);
  await other.send("hello\n");
  assertEquals(await other.line(), "hello");
  deaf.close();
  await sending;
  assertEquals((await server.nextOver()).type, "failed");
});

Deno.test("tcp server: a client that takes nothing is disconnected after slowClientMs", async () => {
  await using server = await startLines((connection) => ({
    frame() {
      connection.allowOutbound(100_000_000);
      connection.send(new Uint8Array(50_000_000));
    },
  }), { limits: { slowClientMs: 200 } });
  using deaf = await TestClient.connect(server.port);
  await deaf.send("go\n");
  assertEquals((await server.nextOver()).type, "slow");
});

Deno.test("tcp server: a client whose queue is over maxOutboundBytes is disconnected, unless the bytes were allowed", async () => {
  const size = 20_000_000;
  const session = (connection: Connection): Session<string> => ({
    frame(line) {
      if (line === "allowed") connection.allowOutbound(size);
      connection.send(new Uint8Array(size));
    },
  });
  await using server = await startLines(session);
  using refused = await TestClient.connect(server.port);
  await refused.send("go\n");
  assertEquals((await server.nextOver()).type, "slow");
  using owed = await TestClient.connect(server.port);
  await owed.send("allowed\n");
  assertEquals((await owed.bytes(size)).length, size);
  // What was allowed once is used up.
  await owed.send("again\n");
  assertEquals((await server.nextOver()).type, "slow");
});

Deno.test("tcp server: something long goes out piece by piece, as it is taken", async () => {
  let most = 0;
  await using server = await startLines((connection) => ({
    async frame() {
      const piece = new Uint8Array(50_000).fill(7);
      for (let sent = 0; sent < 200; sent++) {
        connection.send(piece);
        most = Math.max(most, connection.queuedBytes);
        await connection.drained();
      }
      connection.end();
    },
  }));
  using client = await TestClient.connect(server.port);
  await client.send("go\n");
  assertEquals((await client.bytes(Infinity)).length, 10_000_000);
  assert(most <= 120_000, `${most} bytes were queued`);
});

Deno.test("tcp server: a session that waits for a client that goes is let go, and is no failure", async () => {
  const failures: unknown[] = [];
  await using server = await startLines((connection) => ({
    async frame() {
      for (;;) {
        connection.send(new Uint8Array(100_000));
        await connection.drained();
      }
    },
  }));
  const { events } = server.system;
  events.subscribe((event) => {
    if (event.type === "failed") failures.push(event);
  });
  {
    using client = await TestClient.connect(server.port);
    await client.send("go\n");
    await client.bytes(1_000_000);
  }
  assertEquals((await server.nextOver()).type, "failed");
  assertEquals(failures, []);
});
