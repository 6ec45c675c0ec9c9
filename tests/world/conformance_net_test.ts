import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { type TcpConnection, type World, WorldError, type WorldErrorKind } from "../../actors/world/world.ts";
import type { HttpResponse, RoutedRequest } from "../../actors/net/mod.ts";
import { serveHttp, type TestDoor } from "../_http.ts";
import { bound, connected, delay } from "./_connected.ts";
import { FLAVOURS } from "./_flavours.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function writeAll(connection: TcpConnection, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    const count = await connection.write(bytes.subarray(sent));
    assert(count > 0 && count <= bytes.length - sent);
    sent += count;
  }
}

async function readAll(connection: TcpConnection): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(4096);
  let length = 0;
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) break;
    assert(count > 0 && count <= buffer.length);
    parts.push(buffer.slice(0, count));
    length += count;
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function assertFails(promise: Promise<unknown>, ...kinds: WorldErrorKind[]): Promise<void> {
  const error = await assertRejects(() => promise);
  assertInstanceOf(error, WorldError);
  assert(kinds.includes(error.kind), `${error.kind} instead of ${kinds.join(" or ")}`);
  assert(error.message.startsWith("Cannot "), error.message);
}

function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  return bytes;
}

for (const { name, floodBytes, run } of FLAVOURS) {
  Deno.test(`${name}: TCP carries bytes both ways, in order and whole, however they are split`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      const there = pattern(300_000);
      const back = pattern(200_000).reverse();
      const [atServer, atClient] = await Promise.all([
        readAll(server),
        readAll(client),
        writeAll(client, there).then(() => client.closeWrite()),
        writeAll(server, back).then(() => server.closeWrite()),
      ]);
      assertEquals(atServer, there);
      assertEquals(atClient, back);
      client.close();
      server.close();
    }));

  Deno.test(`${name}: the caller may reuse its bytes once a write has returned`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      const reading = readAll(server);
      const bytes = new Uint8Array(1);
      for (let i = 0; i < 50; i++) {
        bytes[0] = i;
        await writeAll(client, bytes);
      }
      await client.closeWrite();
      assertEquals(await reading, Uint8Array.from({ length: 50 }, (_, i) => i));
      client.close();
      server.close();
    }));

  Deno.test(`${name}: after a half-close the other half still carries bytes`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      await writeAll(client, encoder.encode("question"));
      await client.closeWrite();
      assertEquals(decoder.decode(await readAll(server)), "question");
      assertEquals(await server.read(new Uint8Array(8)), null);
      await writeAll(server, encoder.encode("answer"));
      server.close();
      assertEquals(decoder.decode(await readAll(client)), "answer");
      await assertFails(client.write(encoder.encode("more")), "broken-pipe");
      client.close();
    }));

  Deno.test(`${name}: a close ends the peer's stream after what was written`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      await writeAll(server, encoder.encode("goodbye"));
      server.close();
      assertEquals(decoder.decode(await readAll(client)), "goodbye");
      client.close();
    }));

  Deno.test(`${name}: writing to a peer that has closed fails before long`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      server.close();
      assertEquals(await client.read(new Uint8Array(8)), null);
      await assertFails(
        (async () => {
          for (;;) {
            await client.write(encoder.encode("x"));
            await delay(world, 10);
          }
        })(),
        "broken-pipe",
        "connection-reset",
      );
      client.close();
    }));

  Deno.test(`${name}: closing with bytes unread ends the peer's stream or resets it, and never hangs`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      await writeAll(client, encoder.encode("never read"));
      await delay(world, 50);
      server.close();
      try {
        assertEquals(await client.read(new Uint8Array(8)), null);
      } catch (error) {
        assertInstanceOf(error, WorldError);
        assertEquals(error.kind, "connection-reset");
      }
      client.close();
    }));

  Deno.test(`${name}: a writer whose peer does not read is held back, and let go when it reads`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      const chunk = new Uint8Array(256 * 1024);
      let sent = 0;
      let lastAt = 0;
      const writing = (async () => {
        while (sent < floodBytes) {
          sent += await client.write(chunk);
          lastAt = world.clock.monotonic();
        }
        await client.closeWrite();
      })();
      do await delay(world, 100); while (world.clock.monotonic() - lastAt < 200);
      assert(sent < floodBytes, `${sent} bytes fitted in between`);
      const read = (await readAll(server)).length;
      await writing;
      assertEquals(read, sent);
      client.close();
      server.close();
    }));

  Deno.test(`${name}: a pending read, write or accept ends with closed, and closing twice is fine`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      const read = assertFails(client.read(new Uint8Array(8)), "closed");
      client.close();
      client.close();
      await read;
      await assertFails(client.read(new Uint8Array(8)), "closed");
      await assertFails(client.write(new Uint8Array(8)), "closed");
      server.close();
      const listener = await bound(() => world.net.listenTcp({ hostname: "127.0.0.1", port: 0 }));
      const accept = assertFails(listener.accept(), "closed");
      listener.close();
      listener.close();
      await accept;
      await assertFails(listener.accept(), "closed");
    }));

  Deno.test(`${name}: nobody listening is connection-refused, at once`, () =>
    run(async (world) => {
      const listener = await bound(() => world.net.listenTcp({ hostname: "127.0.0.1", port: 0 }));
      listener.close();
      await assertFails(world.net.connectTcp(listener.address), "connection-refused");
    }));

  Deno.test(`${name}: a name that does not exist is name-not-found`, () =>
    run(async (world) => {
      await assertFails(world.net.connectTcp({ hostname: "nobody.invalid", port: 9 }), "name-not-found");
      await assertFails(world.net.resolve("nobody.invalid"), "name-not-found");
    }));

  Deno.test(`${name}: a port in use, an address of another machine`, () =>
    run(async (world) => {
      const listener = await bound(() => world.net.listenTcp({ hostname: "127.0.0.1", port: 0 }));
      await assertFails(bound(() => world.net.listenTcp(listener.address)), "address-in-use");
      await assertFails(
        bound(() => world.net.listenTcp({ hostname: "203.0.113.7", port: 0 })),
        "address-not-available",
      );
      listener.close();
      const udp = await bound(() => world.net.bindUdp({ hostname: "127.0.0.1", port: 0 }));
      await assertFails(bound(() => world.net.bindUdp(udp.address)), "address-in-use");
      udp.close();
    }));

  Deno.test(`${name}: a dual-stack listener shows peers of either family with their own address`, () =>
    run(async (world) => {
      const listener = await bound(() => world.net.listenTcp({ hostname: "::", port: 0 }));
      const { port } = listener.address;
      for (const hostname of ["127.0.0.1", "::1"]) {
        const accepting = listener.accept();
        const client = await world.net.connectTcp({ hostname, port });
        const server = await accepting;
        assertEquals(server.remoteAddress, client.localAddress);
        assertEquals(server.remoteAddress.hostname, hostname);
        assertEquals(client.remoteAddress, { hostname, port });
        client.close();
        server.close();
      }
      listener.close();
    }));

  Deno.test(`${name}: an address is its own name, and localhost has both loopbacks`, () =>
    run(async (world) => {
      assertEquals(await world.net.resolve("192.0.2.1"), ["192.0.2.1"]);
      assertEquals((await world.net.resolve("localhost")).toSorted(), ["127.0.0.1", "::1"]);
    }));

  Deno.test(`${name}: a connect that is called off rejects with the signal's reason`, () =>
    run(async (world) => {
      const gone = new AbortController();
      gone.abort(new Error("gave up"));
      await assertRejects(
        () => world.net.connectTcp({ hostname: "127.0.0.1", port: 9, signal: gone.signal }),
        Error,
        "gave up",
      );
    }));

  Deno.test(`${name}: a datagram arrives whole, with its sender's address, and can be answered`, () =>
    run(async (world) => {
      const server = await bound(() => world.net.bindUdp({ hostname: "::", port: 0 }));
      const client = await bound(() => world.net.bindUdp({ hostname: "127.0.0.1", port: 0 }));
      const bytes = pattern(9000);
      await client.send(bytes, { hostname: "127.0.0.1", port: server.address.port });
      const question = await server.receive();
      assertEquals(question.bytes, bytes);
      assertEquals(question.from, client.address);
      await server.send(encoder.encode("Ok"), question.from);
      const answer = await client.receive();
      assertEquals(decoder.decode(answer.bytes), "Ok");
      assertEquals(answer.from, { hostname: "127.0.0.1", port: server.address.port });
      server.close();
      client.close();
    }));

  Deno.test(`${name}: a datagram over the limit is too-large, an empty one is none`, () =>
    run(async (world) => {
      const server = await bound(() => world.net.bindUdp({ hostname: "127.0.0.1", port: 0 }));
      const client = await bound(() => world.net.bindUdp({ hostname: "127.0.0.1", port: 0 }));
      await assertFails(client.send(new Uint8Array(65_508), server.address), "too-large");
      await client.send(new Uint8Array(0), server.address);
      assertEquals((await server.receive()).bytes.length, 0);
      const receive = assertFails(server.receive(), "closed");
      server.close();
      server.close();
      await receive;
      await assertFails(server.receive(), "closed");
      client.close();
      await assertFails(client.send(new Uint8Array(1), server.address), "closed");
    }));

  Deno.test(`${name}: HTTP carries method, path, headers, body and status, and tells where from`, () =>
    run(async (world) => {
      const server = await serveHttp(world, { hostname: "127.0.0.1", port: 0 }, (request) => {
        const { method, path, query, headers, body, remoteAddress } = request;
        if (path === "/fail") throw new Error("on purpose");
        if (path === "/moved") return { status: 307, headers: { location: "/here?x=1" } };
        const text = `${method} ${path} ${query} ${headers.get("x-test")} ${
          decoder.decode(body)
        } ${remoteAddress.hostname}`;
        return { status: 201, headers: { "x-answer": "yes" }, body: text };
      });
      const base = `http://127.0.0.1:${server.address.port}`;
      const request = new Request(`${base}/a?b=c`, {
        method: "POST",
        headers: { "x-test": "1" },
        body: "hello",
      });
      const response = await world.net.fetch(request);
      assertEquals(response.status, 201);
      assertEquals(response.headers.get("x-answer"), "yes");
      assertEquals(await response.text(), "POST /a b=c 1 hello 127.0.0.1");
      const moved = await world.net.fetch(new Request(`${base}/moved`));
      assertEquals(await moved.text(), "GET /here x=1 undefined  127.0.0.1");
      const kept = await world.net.fetch(new Request(`${base}/moved`, { redirect: "manual" }));
      await kept.body?.cancel();
      assertEquals(kept.status, 307);
      const failed = await world.net.fetch(new Request(`${base}/fail`));
      await failed.body?.cancel();
      assertEquals(failed.status, 500);
      await server.close();
      await assertFails(world.net.fetch(new Request(base)), "connection-refused");
    }));

  Deno.test(`${name}: HTTP follows no redirect to the disk, to a text or to nowhere`, () =>
    run(async (world) => {
      const places = [
        "file:///etc/hostname",
        "data:text/plain,hello",
        "blob:null/1",
        "ftp://127.0.0.1/",
        "http://[",
      ];
      const anyPort = { hostname: "127.0.0.1", port: 0 };
      const server = await serveHttp(world, anyPort, ({ path }) => {
        return { status: 302, headers: { location: places[Number(path.slice(1))] ?? "" } };
      });
      for (const place of places.keys()) {
        const asked = world.net.fetch(new Request(`http://127.0.0.1:${server.address.port}/${place}`));
        await assertFails(asked, "invalid-data");
      }
      await server.close();
    }));

  Deno.test(`${name}: HTTP reaches a port that fetch refuses, also by a redirect`, () =>
    run(async (world) => {
      const far = await serveOnBadPort(world, ({ path, method, body, headers }) => {
        if (path === "/none") return { status: 204 };
        return { status: 418, body: `${method} ${decoder.decode(body)} ${headers.get("x-test")}` };
      });
      const location = `http://127.0.0.1:${far.address.port}/there`;
      const anyPort = { hostname: "127.0.0.1", port: 0 };
      const near = await serveHttp(world, anyPort, () => ({ status: 307, headers: { location } }));
      const ask = (url: string) =>
        world.net.fetch(
          new Request(url, { method: "PUT", headers: { "x-test": "1" }, body: "x".repeat(100_000) }),
        );
      const hosts = [far, near].map(({ address }) => `127.0.0.1:${address.port}`);
      for (const host of hosts) {
        const response = await ask(`http://${host}/`);
        assertEquals([response.status, await response.text()], [418, `PUT ${"x".repeat(100_000)} 1`]);
      }
      assertEquals((await ask(`http://127.0.0.1:${far.address.port}/none`)).status, 204);
      await near.close();
      await far.close();
      await assertFails(ask(`http://127.0.0.1:${far.address.port}/`), "connection-refused");
    }));
}

/** Serves on the first free of the ports that `fetch` refuses. */
async function serveOnBadPort(
  world: World,
  handler: (request: RoutedRequest) => HttpResponse,
): Promise<TestDoor> {
  for (const port of [6697, 6679, 6669, 6668, 6667, 6666, 6665]) {
    try {
      return await serveHttp(world, { hostname: "127.0.0.1", port }, handler);
    } catch (error) {
      if (!(error instanceof WorldError && error.kind === "address-in-use")) throw error;
    }
  }
  throw new Error("Cannot serve: all these ports are taken");
}
