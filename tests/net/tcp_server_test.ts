import { assert, assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { tcpServer } from "../../actors/net/mod.ts";
import { WorldError } from "../../actors/world/world.ts";
import { lineFrames, rawFrames } from "../../protocols/frames.ts";
import type { Ref } from "../../mod.ts";
import { available, deadline, startProcess, TestClient, until } from "../_helpers.ts";
import { echoLines, run, startLines } from "./_net.ts";

Deno.test("tcp server: frames reach the session in order, and its answers the client", async () => {
  await using server = await startLines(echoLines);
  using client = await TestClient.connect(server.port);
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index} ${"é".repeat(index % 50)}`);
  const sent = lines.join("\n") + "\n";
  const received = client.bytes(new TextEncoder().encode(sent).length);
  await client.send(sent);
  assertEquals(new TextDecoder().decode(await received), sent);
});

Deno.test("tcp server: a port that is taken fails the start, with the reason", async () => {
  await using first = await startLines(echoLines);
  const address = { hostname: "127.0.0.1", port: first.port };
  const second = run(tcpServer({ address, frames: () => lineFrames(), session: echoLines }));
  const failure = await deadline(second.system.terminated.then(() => undefined, (error) => error));
  assertInstanceOf(failure, WorldError);
  assertEquals(failure.kind, "address-in-use");
});

Deno.test("tcp server: says where it listens and how many it serves", async () => {
  await using server = await startLines(echoLines);
  using first = await TestClient.connect(server.port);
  await first.send("a\n");
  await first.line();
  const count = () =>
    server.ref.ask((replyTo: Ref<number>) => ({ type: "get-client-count", replyTo }), { timeoutMs: 5000 });
  assertEquals(await count(), 1);
  first.close();
  await until(async () => await count() === 0, "the client is gone");
});

Deno.test("tcp server: one client too many is told so and closed; a place that is freed is given again", async () => {
  await using server = await startLines(echoLines, {
    limits: { maxClients: 2 },
  });
  using first = await TestClient.connect(server.port);
  using second = await TestClient.connect(server.port);
  for (const client of [first, second]) {
    await client.send("here\n");
    assertEquals(await client.line(), "here");
  }
  using third = await TestClient.connect(server.port);
  // What it says first must not reset the line that it is told.
  await third.send("me too\n".repeat(1000)).catch(() => {});
  assertEquals(await third.rest(), "Server is full. Please try again later.\n");
  first.close();
  await server.nextOver();
  await until(async () => {
    using again = await TestClient.connect(server.port);
    await again.send("again\n");
    return await again.line() === "again";
  }, "a free place");
});

for (
  const [name, bytes, text] of [
    ["is not UTF-8", Uint8Array.of(0x61, 0xff, 0x0a), /^good\nError: message is not UTF-8\n$/],
    [
      "is too long",
      new Uint8Array(3_000_000).fill(0x61),
      /^good\nError: message is longer than 65536 bytes\n$/,
    ],
  ] as const
) {
  Deno.test(`tcp server: a frame that ${name} is answered with an error and the close, and nobody else notices`, async () => {
    await using server = await startLines(echoLines);
    using other = await TestClient.connect(server.port);
    using client = await TestClient.connect(server.port);
    await client.send("good\n");
    // The server may have closed before all of it is sent.
    const sending = client.send(bytes).catch(() => {});
    assertMatch(await client.rest(), text);
    await sending;
    assertEquals((await server.nextOver()).type, "bad-frame");
    await other.send("still here\n");
    assertEquals(await other.line(), "still here");
  });
}

Deno.test("tcp server: a session that fails loses its own connection, and no other", async () => {
  await using server = await startLines((connection) => ({
    frame(line) {
      if (line === "fail") throw new Error("as asked");
      return line === "fail later" ? Promise.reject(new Error("as asked")) : connection.sendText(`${line}\n`);
    },
  }));
  using other = await TestClient.connect(server.port);
  for (const line of ["fail", "fail later"]) {
    using client = await TestClient.connect(server.port);
    await client.send(`${line}\nmore\n`);
    await client.closed();
    const reason = await server.nextOver();
    assert(reason.type === "failed" && reason.error instanceof Error);
    assertEquals(reason.error.message, "as asked");
  }
  await other.send("still here\n");
  assertEquals(await other.line(), "still here");
});

Deno.test("tcp server: a session that cannot be made closes its connection", async () => {
  let made = 0;
  await using server = await startLines((connection) => {
    if (made++ === 0) throw new Error("not this one");
    return echoLines(connection);
  });
  using first = await TestClient.connect(server.port);
  await first.closed();
  using second = await TestClient.connect(server.port);
  await second.send("hello\n");
  assertEquals(await second.line(), "hello");
});

Deno.test("tcp server: while a session takes its time, the next frame waits, and other connections do not", async () => {
  const gate = Promise.withResolvers<void>();
  const handled: string[] = [];
  await using server = await startLines((connection) => ({
    async frame(line) {
      if (line === "wait") await gate.promise;
      handled.push(line);
      connection.sendText(`${line}\n`);
    },
  }));
  using slow = await TestClient.connect(server.port);
  using quick = await TestClient.connect(server.port);
  await slow.send("wait\nafter\n");
  await quick.send("quick\n");
  assertEquals(await quick.line(), "quick");
  assertEquals(handled, ["quick"]);
  gate.resolve();
  assertEquals([await slow.line(), await slow.line()], ["wait", "after"]);
});

Deno.test("tcp server: a session that is paused gets nothing more, until it resumes", async () => {
  const handled: string[] = [];
  await using server = await startLines<"resume">((connection) => ({
    frame(line) {
      handled.push(line);
      if (line === "pause") {
        connection.pause();
        connection.context.after(20, "resume");
      } else if (line === "last") {
        connection.end();
      }
    },
    message() {
      handled.push("resumed");
      connection.resume();
    },
  }));
  using client = await TestClient.connect(server.port);
  await client.send("one\npause\ntwo\npause\nlast\n");
  await client.closed();
  assertEquals(handled, ["one", "pause", "resumed", "two", "pause", "resumed", "last"]);
});

Deno.test("tcp server: who is silent for idleTimeoutMs is disconnected, who talks is not", async () => {
  await using server = await startLines(echoLines, { limits: { idleTimeoutMs: 1500 } });
  using silent = await TestClient.connect(server.port);
  using talking = await TestClient.connect(server.port);
  let over = false;
  const closing = silent.closed().then(() => over = true);
  while (!over) {
    await talking.send("still here\n");
    assertEquals(await talking.line(), "still here");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await closing;
  assertEquals(await server.nextOver(), { type: "idle" });
});

Deno.test("tcp server: all that was sent arrives before the end, also at a client that goes on sending", async () => {
  await using server = await startLines((connection) => ({
    frame() {
      connection.send(new Uint8Array(1_000_000).fill(1));
      connection.end();
      connection.sendText("too late");
    },
  }));
  using client = await TestClient.connect(server.port);
  const sending = client.send("go\n" + "more\n".repeat(100_000)).catch(() => {});
  assertEquals((await client.bytes(Infinity)).length, 1_000_000);
  await sending;
  assertEquals(await server.nextOver(), { type: "closed" });
});

Deno.test("tcp server: a client that has ended its sending half still gets all its answers", async () => {
  await using server = await startLines(echoLines);
  using client = await TestClient.connect(server.port);
  const text = "one\ntwo\nthree";
  await client.send(text);
  await client.closeWrite();
  assertEquals(await client.rest(), text + "\n");
  assertEquals(await server.nextOver(), { type: "ended" });
});

Deno.test("tcp server: a session may go on talking after the client's end, until it ends itself", async () => {
  await using server = await startLines<"tick">((connection) => {
    let left = 3;
    return {
      frame() {},
      ended: () => void connection.context.every(5, "tick"),
      message() {
        connection.sendText(`${left--}\n`);
        if (left === 0) connection.end();
      },
    };
  });
  using client = await TestClient.connect(server.port);
  await client.closeWrite();
  assertEquals(await client.rest(), "3\n2\n1\n");
});

/** Sends a line and closes so that the kernel resets the connection, which Deno's own sockets do not do. */
const RESETTING_CLIENT = `
import socket, struct, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"hello\\n")
s.recv(6)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
`;

Deno.test({
  name: "tcp server: a connection that is reset is lost, with the error",
  ignore: !await available("python3", "--version"),
  async fn() {
    await using server = await startLines(echoLines);
    await using client = startProcess("python3", ["-c", RESETTING_CLIENT, String(server.port)]);
    assertEquals((await client.ended()).code, 0);
    const reason = await server.nextOver();
    assert(reason.type === "failed" && reason.error instanceof WorldError);
    assertEquals(reason.error.kind, "connection-reset");
  },
});

Deno.test("tcp server: abort closes at once, with the session's reason", async () => {
  const why = new Error("why not");
  await using server = await startLines((connection) => ({ frame: () => connection.abort(why) }));
  using client = await TestClient.connect(server.port);
  await client.send("go\n");
  await client.closed();
  assertEquals(await server.nextOver(), { type: "failed", error: why });
});

Deno.test("tcp server: messages of other actors reach the session, one call at a time with its frames", async () => {
  const known: Ref<string>[] = [];
  let running = 0;
  await using server = await startLines<string>((connection) => {
    known.push(connection.self);
    const say = async (text: string) => {
      assertEquals(++running, 1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      connection.sendText(`${text}\n`);
      running--;
    };
    return { frame: say, message: say };
  });
  using client = await TestClient.connect(server.port);
  await client.send("f1\nf2\nf3\n");
  await client.line();
  for (const text of ["m1", "m2", "m3"]) known[0]?.tell(text);
  const rest = [];
  for (let count = 0; count < 5; count++) rest.push(await client.line());
  assertEquals(rest.filter((line) => line?.startsWith("f")), ["f2", "f3"]);
  assertEquals(rest.filter((line) => line?.startsWith("m")), ["m1", "m2", "m3"]);
});

Deno.test("tcp server: a chunk of an old client is a message after a silence, also while others talk", async () => {
  await using server = await startLines(echoLines, { frames: () => lineFrames({ idleFlushMs: 60 }) });
  using old = await TestClient.connect(server.port);
  for (const text of ["Knock Knock..", "žluťoučký kůň", "bye"]) {
    await old.send(text);
    assertEquals(await old.line(), text);
  }
});

Deno.test("tcp server: a stop lets every session say goodbye, all at once, and then nobody in", async () => {
  const server = await startLines((connection) => ({
    frame: (line) => connection.sendText(`${line}\n`),
    draining: () => connection.sendText("goodbye\n"),
  }), { drainMs: 1000 });
  const clients = await Promise.all(Array.from({ length: 50 }, () => TestClient.connect(server.port)));
  for (const client of clients) await client.send("hello\n");
  for (const client of clients) assertEquals(await client.line(), "hello");
  await deadline(server.system.stop(), 5000, "the stop");
  for (const client of clients) {
    assertEquals(await client.rest(), "goodbye\n");
    client.close();
  }
  assertEquals(server.over.length, 50);
  assert(server.over.every((reason) => reason.type === "closed"));
  await Deno.connect({ hostname: "127.0.0.1", port: server.port }).then(
    (connection) => (connection.close(), assert(false, "somebody was let in")),
    () => {},
  );
});

Deno.test("tcp server: a stop is over in its time, whatever clients and sessions do", async () => {
  const server = await startLines((connection) => ({
    async frame(line) {
      connection.allowOutbound(100_000_000);
      connection.send(new Uint8Array(50_000_000));
      if (line === "drained") await connection.drained();
      if (line === "for ever") await new Promise(() => {});
    },
  }), { drainMs: 400 });
  const clients = await Promise.all(["", "drained", "for ever"].map(async (line) => {
    const client = await TestClient.connect(server.port);
    await client.send(`${line}\n`);
    await client.bytes(1);
    return client;
  }));
  await deadline(server.system.stop(), 5000, "the stop");
  for (const client of clients) client.close();
  assertEquals(server.over.length, 3);
});

Deno.test("tcp server: invalid limits are refused before anything starts", () => {
  for (
    const limits of [{ maxClients: 0 }, { idleTimeoutMs: -1 }, { slowClientMs: 0 }, { maxOutboundBytes: 0 }, {
      maxPerAddress: -1,
    }, { handshakeTimeoutMs: NaN }]
  ) {
    try {
      const address = { hostname: "127.0.0.1", port: 0 };
      tcpServer({ address, frames: rawFrames, session: () => ({ frame() {} }), limits });
      assert(false, `${JSON.stringify(limits)} was taken`);
    } catch (error) {
      assertInstanceOf(error, RangeError);
    }
  }
});
