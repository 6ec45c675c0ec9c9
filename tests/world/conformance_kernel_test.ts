import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { type TcpConnection, WorldError } from "../../actors/world/world.ts";
import { bound, connected, delay } from "./_connected.ts";
import { FLAVOURS } from "./_flavours.ts";

// What Linux does where a program could think otherwise. Where the simulated world is harsher, a sentence
// says so.

const encoder = new TextEncoder();

/** Reads once: the text, "end", or the kind of the failure. */
async function readOnce(connection: TcpConnection, length = 3): Promise<string> {
  const buffer = new Uint8Array(length);
  return await outcome(async () => {
    const count = await connection.read(buffer);
    return count === null ? "end" : new TextDecoder().decode(buffer.subarray(0, count));
  });
}

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    return String(await work());
  } catch (error) {
    assertInstanceOf(error, WorldError);
    return error.kind;
  }
}

for (const { name, run } of FLAVOURS) {
  Deno.test(`${name}: who closes with bytes unread still has what it sent read, then the connection is broken or ended`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      await client.write(encoder.encode("never read"));
      const sent = encoder.encode("hello").subarray(0, await server.write(encoder.encode("hello")));
      await delay(world, 100);
      server.close();
      await delay(world, 100);
      let text = "";
      let last = await readOnce(client);
      for (; last !== "end" && last !== "connection-reset"; last = await readOnce(client)) text += last;
      assertEquals(text, new TextDecoder().decode(sent));
      // The reset is told once (Deno shows even that as the end of the stream), and from then on the stream
      // has ended.
      assertEquals([await readOnce(client), await readOnce(client)], ["end", "end"]);
      const wrote = await outcome(() => client.write(encoder.encode("x")));
      assert(wrote === "broken-pipe" || wrote === "connection-reset", wrote);
      client.close();
    }));

  Deno.test(`${name}: a read that waits when the reset comes ends, and closeWrite afterwards does no harm`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      await client.write(encoder.encode("never read"));
      await delay(world, 100);
      const reading = readOnce(client);
      server.close();
      const read = await reading;
      assert(read === "end" || read === "connection-reset", read);
      // Linux: ENOTCONN, which Deno passes over. The simulated world does either.
      const closed = await outcome(() => client.closeWrite());
      assert(closed === "undefined" || closed === "connection-reset", closed);
      client.close();
    }));

  Deno.test(`${name}: a write that waits fails when the peer closes`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      let failed = "";
      // Not awaited: it waits for a peer that never reads.
      const chunk = new Uint8Array(1 << 18);
      const writing = (async () => {
        for (;;) await client.write(chunk);
      })().catch((error) => failed = error instanceof WorldError ? error.kind : String(error));
      await delay(world, 500);
      assertEquals(failed, "");
      server.close();
      await writing;
      assert(failed === "broken-pipe" || failed === "connection-reset", failed);
      client.close();
    }));

  Deno.test(`${name}: a sending half that is ended while a write waits ends after what that wrote`, () =>
    run(async (world) => {
      const [client, server] = await connected(world);
      const chunk = new Uint8Array(1 << 18);
      let wrote = 0;
      let isWaiting = false;
      const writing = (async () => {
        for (;;) {
          isWaiting = true;
          wrote += await client.write(chunk);
          isWaiting = false;
        }
      })();
      const refused = outcome(() => writing);
      await delay(world, 500);
      assert(isWaiting, "the peer takes all that is written");
      const ended = outcome(() => client.closeWrite());
      let received = 0;
      const buffer = new Uint8Array(1 << 16);
      for (let count; (count = await server.read(buffer)) !== null;) received += count;
      assertEquals([received, await ended, await refused], [wrote, "undefined", "broken-pipe"]);
      client.close();
      server.close();
    }));

  Deno.test(`${name}: 512 connections wait to be accepted, no more`, () =>
    run(async (world) => {
      const listener = await bound(() => world.net.listenTcp({ hostname: "127.0.0.1", port: 0 }));
      const connections: TcpConnection[] = [];
      const giveUp = new AbortController();
      const dialling = Array.from({ length: 540 }, () =>
        world.net.connectTcp({ ...listener.address, signal: giveUp.signal })
          .then((connection) =>
            connections.push(connection), () => {}));
      await delay(world, 800);
      // Linux takes one more than it was told; Deno tells it 511.
      assert(Math.abs(connections.length - 512) <= 1, `${connections.length} connections`);
      giveUp.abort(new Error("enough"));
      await Promise.all(dialling);
      for (const connection of connections) {
        connection.close();
      }
      listener.close();
    }));

  Deno.test(`${name}: a UDP socket that does not receive holds datagrams by the memory they take, not by their bytes`, () =>
    run(async (world) => {
      for (const [size, min, max] of [[1, 200, 300], [1400, 80, 110], [5000, 20, 30]] as const) {
        const receiver = await bound(() => world.net.bindUdp({ hostname: "127.0.0.1", port: 0 }));
        const sender = await bound(() => world.net.bindUdp({ hostname: "127.0.0.1", port: 0 }));
        for (let sent = 0; sent < 400; sent++) await sender.send(new Uint8Array(size), receiver.address);
        await delay(world, 100);
        let kept = 0;
        for (let isMore = true; isMore;) {
          isMore = false;
          const receiving = receiver.receive().then(() => isMore = true, () => {});
          await Promise.race([receiving, delay(world, 50)]);
          if (isMore) kept++;
          else receiver.close();
        }
        assert(kept >= min && kept <= max, `${kept} datagrams of ${size} bytes`);
        sender.close();
      }
    }));

  Deno.test(`${name}: who connects to the address that stands for all reaches its own machine`, () =>
    run(async (world) => {
      const listener = await bound(() => world.net.listenTcp({ hostname: "::", port: 0 }));
      const { port } = listener.address;
      for (const [hostname, loopback] of [["0.0.0.0", "127.0.0.1"], ["::", "::1"]] as const) {
        const accepting = listener.accept();
        const client = await world.net.connectTcp({ hostname, port });
        assertEquals(client.remoteAddress, { hostname: loopback, port });
        assertEquals(client.localAddress.hostname, loopback);
        (await accepting).close();
        client.close();
      }
      listener.close();
    }));

  Deno.test(`${name}: a datagram to the address that stands for all reaches its own machine, and port 0 nobody`, () =>
    run(async (world) => {
      const receiver = await bound(() => world.net.bindUdp({ hostname: "0.0.0.0", port: 0 }));
      const sender = await bound(() => world.net.bindUdp({ hostname: "0.0.0.0", port: 0 }));
      const { port } = receiver.address;
      await sender.send(encoder.encode("hello"), { hostname: "0.0.0.0", port });
      const { bytes, from } = await receiver.receive();
      assertEquals([new TextDecoder().decode(bytes), from.hostname], ["hello", "127.0.0.1"]);
      assertEquals(await outcome(() => sender.send(bytes, { hostname: "127.0.0.1", port: 0 })), "other");
      for (const socket of [receiver, sender]) socket.close();
    }));

  Deno.test(`${name}: who connects to another loopback address comes from the usual one`, () =>
    run(async (world) => {
      const listener = await bound(() => world.net.listenTcp({ hostname: "0.0.0.0", port: 0 }));
      const accepting = listener.accept();
      const client = await world.net.connectTcp({ hostname: "127.0.0.2", port: listener.address.port });
      const server = await accepting;
      assertEquals(server.remoteAddress.hostname, "127.0.0.1");
      for (const each of [client, server, listener]) each.close();
    }));
}
