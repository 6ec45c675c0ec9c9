import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { pipe, type Transport } from "../../actors/net/mod.ts";
import { WorldError } from "../../actors/world/world.ts";

async function sendAll(end: Transport, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await end.send(rest));
  await end.closeWrite();
}

async function receiveAll(end: Transport, bufferBytes: number): Promise<number[]> {
  const received: number[] = [];
  const buffer = new Uint8Array(bufferBytes);
  for (let count; (count = await end.receive(buffer)) !== null;) {
    received.push(...(typeof count === "number" ? buffer.subarray(0, count) : count));
  }
  return received;
}

async function kindOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => undefined, (error) => error);
  assertInstanceOf(error, WorldError);
  return error.kind;
}

Deno.test("pipe: all bytes arrive once and in order, both ways at once, whatever the sizes of pipe and buffers", async () => {
  const sizes = fc.integer({ min: 1, max: 50 });
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }),
      sizes,
      sizes,
      async (there, back, capacityBytes, bufferBytes) => {
        const [near, far] = pipe({ capacityBytes });
        const [, , atFar, atNear] = await Promise.all([
          sendAll(near, there),
          sendAll(far, back),
          receiveAll(far, bufferBytes),
          receiveAll(near, bufferBytes),
        ]);
        assertEquals([atFar, atNear], [[...there], [...back]]);
      },
    ),
  );
});

Deno.test("pipe: a full pipe holds its sender up until the other end receives", async () => {
  const [near, far] = pipe({ capacityBytes: 4 });
  assertEquals(await near.send(new Uint8Array(10)), 4);
  let sent = false;
  const second = near.send(new Uint8Array(6)).then((count) => {
    sent = true;
    return count;
  });
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(sent, false);
  assertEquals(await far.receive(new Uint8Array(3)), 3);
  assertEquals(await second, 3);
});

Deno.test("pipe: a closed end fails what waits on it, and the other end reads to the end and then cannot send", async () => {
  const [near, far] = pipe();
  await near.send(Uint8Array.of(7));
  const waiting = near.receive(new Uint8Array(1));
  near.close();
  near.close();
  assertEquals(await kindOf(waiting), "closed");
  assertEquals(await kindOf(near.send(Uint8Array.of(1))), "closed");
  assertEquals(await receiveAll(far, 8), [7]);
  assertEquals(await kindOf(far.send(Uint8Array.of(1))), "connection-reset");
  assertThrows(() => pipe({ capacityBytes: 0 }), RangeError, "it takes 1 or more");
});
