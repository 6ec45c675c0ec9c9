import { assert, assertEquals } from "@std/assert";
import { TestClient } from "../../_helpers.ts";
import { sharedDriver, startServer, until } from "./_servers.ts";

Deno.test("chat cluster: what is said at one server is heard at all, by every door, and is in the history", async () => {
  const driver = sharedDriver();
  await using one = await startServer(driver);
  await using two = await startServer(driver);
  using ann = await one.enter("ann");
  using bob = await two.enter("bob");
  using carl = await two.enterIrc("carl");
  await carl.send("JOIN #lobby");
  await until(ann, "carl has joined the chat.");
  await ann.send("hello\n");
  assertEquals((await until(bob, "ann: hello")).at(-1), "ann: hello");
  const heard = await carl.client.line();
  assert(heard !== null);
  await bob.send("hi\n");
  assertEquals(await until(ann, "bob: hi"), ["bob: hi"]);
  using dora = await one.enter("dora");
  await dora.send("/history\n");
  assertEquals((await until(dora, "bob: hi")).slice(-2), ["ann: hello", "bob: hi"]);
});

Deno.test("chat cluster: a name is one person's over all servers, and free when that has left", async () => {
  const driver = sharedDriver();
  await using one = await startServer(driver);
  await using two = await startServer(driver);
  using ann = await one.enter("ann");
  using other = await TestClient.connect(two.port);
  await other.send("Ann\n");
  assertEquals(await other.line(), "Error: Cannot log in: Ann is taken, or looks like a name that is");
  await ann.send("/quit\n");
  assertEquals(await ann.line(), null);
  using again = await two.enter("ann");
  await again.send("/who\n");
  assertEquals(await again.line(), "In lobby: ann");
});

Deno.test("chat cluster: private messages, rooms and their rules are the same over servers", async () => {
  const driver = sharedDriver();
  await using one = await startServer(driver);
  await using two = await startServer(driver);
  using ann = await one.enter("ann");
  using bob = await two.enter("bob");
  await until(ann, "bob has joined the chat.");
  await bob.send("/msg ann psst\n");
  assertEquals(await ann.line(), "bob (to you): psst");
  await ann.send("/join cave\n/topic stones\n/who\n");
  await until(ann, /^In cave: /);
  await bob.send("/join CAVE\n/who\n");
  assertEquals((await until(bob, /^In cave: /)).at(-1), "In cave: ann, bob");
  await bob.send("/kick ann\n/rooms\n");
  const lines = await until(bob, /^Rooms:|cave/);
  assert(lines.some((line) => line.includes("only an operator of the room may")), lines.join(" / "));
  await ann.send("/kick bob out\n");
  assertEquals((await until(bob, /put out/)).at(-1), "You were put out by ann: out");
  await ann.send("/nick anna\n");
  await until(ann, "You are anna now.");
  await ann.send("/ban bob\n");
  await until(ann, "Done.");
  await bob.send("/join cave\n");
  assertEquals((await until(bob, /^Error/)).at(-1), "Error: Cannot join that room: you are banned from it");
});

Deno.test("chat cluster: a server that stops says so of its people, and its rooms go on", async () => {
  const driver = sharedDriver();
  const one = await startServer(driver);
  await using two = await startServer(driver);
  using ann = await one.enter("ann");
  using bob = await two.enter("bob");
  await until(ann, "bob has joined the chat.");
  await one[Symbol.asyncDispose]();
  await until(bob, "ann has left the chat.");
  using carl = await two.enter("carl");
  await bob.send("still here\n");
  await until(carl, "bob: still here");
});

Deno.test("chat cluster: people and rooms of other servers are found, listed and watched", async () => {
  const driver = sharedDriver();
  await using one = await startServer(driver);
  await using two = await startServer(driver);
  using ann = await one.enter("ann");
  using carl = await two.enterIrc("carl");
  await ann.send("/join cave\n/topic stones\n/who\n");
  await until(ann, /^In cave:/);
  await carl.send("WHOIS ann", "LIST", "MONITOR + ann,bert", "JOIN #cave");
  const lines = await carl.sync();
  const has = (pattern: RegExp) => assert(lines.some((line) => pattern.test(line)), lines.join("\n"));
  has(/ 311 carl ann line /);
  has(/ 319 carl ann :?@#cave$/);
  has(/ 322 carl #cave 1 .*stones$/);
  has(/ 730 carl :?ann!/);
  has(/ 731 carl :?bert$/);
  has(/ 332 carl #cave :?stones$/);
  await carl.send("PRIVMSG ann :psst");
  await until(ann, "carl (to you): psst");
  await ann.send("/quit\n");
  assertEquals(await ann.line(), null);
  for (;;) {
    const line = await carl.client.line();
    assert(line !== null);
    if (/ 731 carl :?ann\r?$/.test(line)) break;
  }
});
