import { assert, assertEquals } from "@std/assert";
import { tempDirectory, TestClient } from "../_helpers.ts";
import { linesOf, startChat } from "./_chat.ts";

Deno.test("chat: one order of events for all, whoever talks at once", async () => {
  await using chat = await startChat();
  const names = ["ann", "bob", "cid", "dan", "eve"];
  const listeners: TestClient[] = [];
  for (const name of ["one", "two", "three"]) listeners.push(await chat.enter(name));
  const talkers = await Promise.all(names.map((name) => chat.enter(name)));
  const lines = 200;
  await Promise.all(talkers.map(async (talker, index) => {
    for (let line = 0; line < lines; line++) await talker.send(`${line}\n`);
    // A close with something unread would be a reset, and take lines with it.
    await (index % 2 === 0 ? talker.send("quit\n") : talker.closeWrite());
  }));
  const heard = await Promise.all(listeners.map(async (listener) => {
    const all: string[] = [];
    let left = 0;
    while (left < names.length) {
      const line = await listener.line();
      assert(line !== null);
      if (names.some((name) => line === `${name} has left the chat.`)) left++;
      if (names.some((name) => line.startsWith(`${name}:`) || line.startsWith(`${name} has left`))) {
        all.push(line);
      }
    }
    return all;
  }));
  assertEquals(heard[1], heard[0]);
  assertEquals(heard[2], heard[0]);
  for (const name of names) {
    const own = heard[0]?.filter((line) => line.startsWith(`${name}:`)) ?? [];
    assertEquals(own, Array.from({ length: lines }, (_, index) => `${name}: ${index}`));
  }
  for (const client of [...listeners, ...talkers]) client.close();
});

Deno.test("chat: over the rate, lines are dropped and their writer told once; leaving is always allowed", async () => {
  await using chat = await startChat({ rate: { perSecond: 1, burst: 5 } });
  using ann = await chat.enter("ann");
  using bob = await TestClient.connect(chat.port);
  await bob.send("bob\n");
  assertEquals(await ann.line(), "bob has joined the chat.");
  await bob.send("flood\n".repeat(1000));
  assertEquals(await linesOf(ann, 4), Array(4).fill("bob: flood"));
  assertEquals(await bob.line(), "Error: slow down");
  await bob.send("quit\n");
  const farewell = await bob.rest();
  assert(farewell.split("\n").length < 5, "a flood is not answered by a flood");
  let line;
  while ((line = await ann.line()) === "bob: flood");
  assertEquals(line, "bob has left the chat.");
});

Deno.test("chat: a burst of long lines cuts off nobody who reads, and comes to everybody whole", async () => {
  await using directory = await tempDirectory();
  for (const historyFile of [undefined, directory.file("history.log")]) {
    await using chat = await startChat(historyFile === undefined ? {} : { historyFile });
    const readers = [await chat.enter("one"), await chat.enter("two"), await chat.enter("three")];
    const writers = [await chat.enter("ann"), await chat.enter("bob")];
    const filling = "x".repeat(60_000);
    const writing = writers.map(async (writer) => {
      for (let line = 0; line < 150; line++) await writer.send(`${line} ${filling}\n`);
      await writer.closeWrite();
    });
    // Who does not read what the other writes would be cut off, and rightly.
    const hearing = writers.map((writer) => writer.closed(60_000));
    await Promise.all(readers.map(async (reader) => {
      const heard = { "ann": 0, "bob": 0 };
      while (heard.ann < 150 || heard.bob < 150) {
        const line = await reader.line(60_000);
        assert(line !== null, "the reader was cut off");
        for (const name of ["ann", "bob"] as const) {
          if (line.startsWith(`${name}: `)) assertEquals(line, `${name}: ${heard[name]++} ${filling}`);
        }
      }
    }));
    await Promise.all([...writing, ...hearing]);
    for (const client of [...readers, ...writers]) client.close();
  }
});

Deno.test("chat: among 1,000 members of whom one writes and one never reads, all others hear all of it", async () => {
  await using chat = await startChat({
    limits: { maxClients: 1000, slowClientMs: 300_000, maxOutboundBytes: 256 * 1024 },
  });
  const members: TestClient[] = [];
  try {
    const enter = async (name: string) => {
      const client = await TestClient.connect(chat.port);
      members.push(client);
      await client.send(`${name}\n`);
      return client;
    };
    const writer = await enter("writer");
    await writer.send("/msg writer ready\n");
    while (await writer.line() !== "writer (to you): ready");
    const deaf = await enter("deaf");
    for (let index = 0; index < 998; index += 50) {
      const batch = Array.from(
        { length: Math.min(50, 998 - index) },
        (_, offset) => enter(`m-${index + offset}`),
      );
      await Promise.all(batch);
    }
    const full = await TestClient.connect(chat.port);
    members.push(full);
    assertEquals(await full.line(), "Server is full. Please try again later.");
    // Each is in once the first of all has been told so.
    for (let others = 0; others < 999;) {
      if ((await writer.line(240_000))?.endsWith(" has joined the chat.") === true) others++;
    }

    const listeners = members.slice(2, 1000);
    const heard = listeners.map(async (client) => {
      const said: string[] = [];
      let deafLeft = 0;
      while (said.at(-1) !== "over") {
        const line = await client.line(240_000);
        assert(line !== null);
        if (line === "deaf has left the chat.") deafLeft++;
        if (line.startsWith("writer: ")) said.push(line.slice(8));
      }
      return { said, deafLeft };
    });
    // The one who never reads is sent more than the kernel and its queue hold, while the others are talked
    // to.
    let deafIsGone = false;
    const watching = (async () => {
      while (await writer.line(240_000) !== "deaf has left the chat.");
      deafIsGone = true;
    })();
    const filling = "x".repeat(60_000);
    for (let count = 0; count < 50 || !deafIsGone; count++) {
      assert(count < 2000, "the one who never reads is disconnected");
      await writer.send(`/msg deaf ${filling}\n${count < 50 ? `${count}\n` : ""}`);
    }
    await watching;
    await writer.send("over\n");
    const expected = [...Array.from({ length: 50 }, (_, line) => String(line)), "over"];
    for (const { said, deafLeft } of await Promise.all(heard)) assertEquals([said, deafLeft], [expected, 1]);
    assert(await deaf.bytes(1), "it was sent what it did not read");
  } finally {
    for (const member of members) member.close();
  }
});
