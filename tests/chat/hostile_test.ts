/**
 * The chat among clients that mean it no good: at one door, to the harm of members at another.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { ReadGate } from "../../actors/chat/doors/read_gate.ts";
import { TestClient, until } from "../_helpers.ts";
import { linesOf } from "./_chat.ts";
import { IrcPerson, startBoth } from "./_irc.ts";

const BEYOND_QUEUE = 1 << 20;

Deno.test("chat: no text of a line client cuts an IRC client, whatever control characters are in it", async () => {
  await using chat = await startBoth();
  using bob = await IrcPerson.enter(chat.ircPort, "bob", "away-notify message-tags");
  using ann = await chat.enter("ann");
  await ann.send("/join den\n/who\n");
  await linesOf(ann, 2);
  await bob.send("JOIN #den");
  await bob.sync();
  await ann.line();
  await ann.send(
    "/away a\rQUIT\0\n/topic x\r\0y\nz\r\0\n/me \r\0\n/ban a\rb\n/ban a b\n/ban :\0\n/kick bob go\0ne\n/who\n",
  );
  await until(async () => ((await ann.line()) ?? "").startsWith("In den"), "the answer to all of it");
  const told = await bob.sync();
  assert(told.some((line) => line.startsWith(":ann!user@host AWAY a")), told.join("\n"));
  assert(told.some((line) => line.startsWith(":ann!user@host KICK #den bob :go")), told.join("\n"));
  assert(!told.some((line) => /^QUIT|\r|\0/.test(line)), told.join("\n"));
  await bob.send("WHOIS ann", "PRIVMSG ann :hi");
  assert((await bob.sync()).some((line) => / 301 bob ann a/.test(line)));
});

Deno.test("chat: no text of an IRC client brings a terminal's codes to others", async () => {
  await using chat = await startBoth();
  using bob = await IrcPerson.enter(chat.ircPort, "bob");
  await bob.send("JOIN #den");
  using eve = await IrcPerson.enter(chat.ircPort, "eve");
  await eve.send("USER", "JOIN #den", "AWAY :\x1b[2J", "PART #den :\x1b[2J", "JOIN #den");
  await eve.sync();
  await bob.send("MODE #den +o eve");
  await bob.sync();
  await eve.send("TOPIC #den :\x1b[2J", "KICK #den bob :\x1b[2J", "QUIT :\x1b[2J");
  const told: string[] = [];
  await until(async () => told.push(...await bob.sync()) >= 2, "the kick");
  assertEquals(told.map((line) => line.split(" ")[1]), ["TOPIC", "KICK"]);
  await bob.send("JOIN #den", "WHOWAS eve");
  told.push(...await bob.sync());
  assert(!told.some((line) => line.includes("\x1b")), JSON.stringify(told));
});

Deno.test("chat: what cannot be repeated in an answer is refused, and the connection goes on", async () => {
  await using chat = await startBoth();
  using eve = await IrcPerson.enter(chat.ircPort, "eve", "message-tags labeled-response batch");
  await eve.send(`MONITOR + ${Array.from({ length: 60 }, (_, index) => `a${index}`).join(",")}`);
  await eve.send(`MONITOR + ${Array.from({ length: 40 }, (_, index) => `b${index}`).join(",")}`);
  await eve.send("JOIN #den");
  await eve.sync();
  await eve.send(
    "JOIN :#a ",
    "PART :#nowhere ",
    "MODE :#den ",
    "TAGMSG :#nowhere ",
    "TOPIC :#nowhere ",
    "INVITE eve :#nowhere ",
    "WHO #den %tn,:",
    "MONITOR + :c d,e",
    "MODE #den +b :a b",
    `MODE #den +b ${"x".repeat(200)}`,
    "@label=a\\nb;+x\x1b=1 TAGMSG #den",
  );
  const bytes = Uint8Array.of(0x4e, 0x0d, 0x00, 0x49, 0x20, 0xff, 0x0d, 0x0a);
  await eve.client.send(bytes);
  const codes = (await eve.sync()).map((line) => line.replace(/^@\S+ /, "").split(" ")[1]);
  assertEquals(codes, [
    ...["403", "403", "403", "403", "403", "403", "354", "315", "734", "696", "696", "ACK", "FAIL"],
  ]);
});

Deno.test("chat: lists of long names come whole, in messages that are not cut", async () => {
  await using chat = await startBoth();
  const names = Array.from({ length: 12 }, (_, index) => `${"語".repeat(30)}${index + 10}`);
  const people: IrcPerson[] = [];
  for (const name of names) {
    const person = await IrcPerson.enter(chat.ircPort, name);
    people.push(person);
    await person.send("JOIN #den");
  }
  for (const person of people) await person.sync();
  using bob = await IrcPerson.enter(chat.ircPort, "bob", "userhost-in-names");
  await bob.send("JOIN #den", `ISON ${names.slice(0, 4).join(" ")}`);
  for (const half of [names.slice(0, 4), names.slice(4, 8)]) await bob.send(`MONITOR + ${half.join(",")}`);
  await bob.send("MONITOR L", `USERHOST ${names.slice(0, 4).join(" ")}`);
  const answers = await bob.sync();
  const all = (code: string) => answers.filter((line) => line.split(" ")[1] === code).join("\n");
  for (const name of names) assert(all("353").includes(name), `${name} is in NAMES`);
  for (const name of names.slice(0, 4)) {
    for (const code of ["303", "302", "730", "732"]) {
      assert(all(code).includes(name), `${name} is in ${code}`);
    }
  }
  for (const person of people) person[Symbol.dispose]();
});

Deno.test("chat: the lobby is led by nobody, however the first to come writes its name", async () => {
  await using chat = await startBoth();
  using eve = await IrcPerson.enter(chat.ircPort, "eve");
  await eve.send("JOIN #LOBBY", "MODE #lobby +i");
  const answers = await eve.sync();
  assertEquals(answers[0], ":eve!user@host JOIN #lobby");
  assertMatch(answers.at(-1) ?? "", / 482 /);
  using _ann = await chat.enter("ann");
});

Deno.test("chat: an invitation by who is no operator opens neither a ban nor a lock", async () => {
  await using chat = await startBoth();
  using op = await IrcPerson.enter(chat.ircPort, "op");
  await op.send("JOIN #den", "MODE #den +bk eve secret");
  await op.sync();
  using friend = await IrcPerson.enter(chat.ircPort, "friend");
  using eve = await IrcPerson.enter(chat.ircPort, "eve");
  await friend.send("JOIN #den secret", "INVITE eve #den");
  await friend.sync();
  await eve.send("JOIN #den");
  assertEquals((await eve.sync()).map((line) => line.split(" ")[1]), ["INVITE", "474"]);
  await op.send("INVITE eve #den");
  await op.sync();
  await eve.send("NICK Eve2", "JOIN #den");
  assert(
    (await eve.sync()).some((line) => line.endsWith(" JOIN #den")),
    "an operator's does, under any name",
  );
});

Deno.test("chat: one JOIN of many rooms keeps to the limit of rooms", async () => {
  await using chat = await startBoth();
  using eve = await IrcPerson.enter(chat.ircPort, "eve");
  const rooms = Array.from({ length: 80 }, (_, index) => `#r${index}`);
  await eve.send(`JOIN ${rooms.join(",")}`, "JOIN #R1,#r1");
  const answers = await eve.sync();
  assertEquals(answers.filter((line) => / JOIN #/.test(line)).length, 50);
  assertEquals(answers.filter((line) => / 405 /.test(line)).length, 30);
  await eve.send("JOIN 0", "JOIN #x,#X");
  const last = await eve.sync();
  assertEquals(last.filter((line) => / PART :#/.test(line)).length, 50);
  assertEquals(last.filter((line) => / (JOIN|443) /.test(line)).length, 1);
});

Deno.test("chat: a line client that is not heard in its room is told so", async () => {
  await using chat = await startBoth();
  using op = await IrcPerson.enter(chat.ircPort, "op");
  await op.send("JOIN #den", "MODE #den +m");
  await op.sync();
  using ann = await chat.enter("ann");
  await ann.send("/join den\nhello?\n");
  assertEquals(await linesOf(ann, 2), [
    "You are in den now.",
    "Error: Cannot say that: you are not heard there",
  ]);
});

Deno.test("chat: who is put out while on the way to another room is in that one alone", async () => {
  await using chat = await startBoth();
  using op = await IrcPerson.enter(chat.ircPort, "op");
  await op.send("JOIN #a");
  await op.sync();
  for (let round = 0; round < 5; round++) {
    using ann = await chat.enter("ann");
    await ann.send("/join a\n/who\n");
    await linesOf(ann, 2);
    await Promise.all([ann.send("/join b\n/nick anna\n/nick ann\n"), op.send("KICK #a ann")]);
    await op.sync();
    await ann.send("/history\n");
    await until(async () => ((await ann.line()) ?? "").startsWith("Nothing was said"), "all of it");
    await op.send("WHOIS ann");
    const line = (await op.sync()).find((line) => / 319 /.test(line)) ?? "";
    assertEquals(line.match(/#/g)?.length, 1, line);
    await ann.send("/quit\n");
    await until(async () => (await ann.line()) === null, "the end");
    await until(async () => {
      await op.send("ISON ann");
      return (await op.sync()).some((line) => line.endsWith(" 303 op :"));
    }, "the name is free");
  }
});

Deno.test("chat: answers larger than a queue reach who reads them, and cut nobody", async () => {
  await using chat = await startBoth();
  using ann = await chat.enter("ann");
  const line = "x".repeat(60_000);
  for (let index = 0; index < 50; index++) await ann.send(`${line}\n`);
  await ann.send("/who\n");
  await ann.line();
  using bob = await IrcPerson.enter(chat.ircPort, "bob", "batch labeled-response");
  await bob.send("JOIN #lobby", ...Array.from({ length: 20 }, () => "CHATHISTORY LATEST #lobby * 50"));
  const told = await bob.sync();
  assertEquals(told.filter((line) => / BATCH -/.test(line)).length, 20);
  assert(told.join("").length > 2 * BEYOND_QUEUE, "more than a queue holds");
  // Each has a topic, so that a list of them is long.
  const people: IrcPerson[] = [];
  for (let person = 0; person < 8; person++) {
    const keeper = await IrcPerson.enter(chat.ircPort, `keeper${person}`);
    people.push(keeper);
    for (let room = 0; room < 50; room++) {
      await keeper.send(`JOIN #r${person}-${room}`, `TOPIC #r${person}-${room} :${"t".repeat(380)}`);
    }
  }
  for (const keeper of people) await keeper.sync();
  await bob.send(...Array.from({ length: 12 }, (_, index) => index % 2 === 0 ? "LIST" : "@label=l LIST"));
  const lists = await bob.sync();
  assertEquals(lists.filter((line) => / 323 /.test(line)).length, 12);
  assertEquals(lists.filter((line) => / 322 /.test(line)).length, 12 * 401);
  for (const keeper of people) keeper[Symbol.dispose]();
});

Deno.test("chat: the rate of an IRC client holds for what it sent before it ended its stream, too", async () => {
  await using chat = await startBoth({ rate: { perSecond: 1, burst: 5 } });
  using bob = await chat.enter("bob");
  using eve = await IrcPerson.enter(chat.ircPort, "eve");
  const began = performance.now();
  await eve.send(...Array.from({ length: 14 }, (_, index) => `PRIVMSG bob :${index}`));
  await eve.client.conn.closeWrite();
  for (let index = 0; index < 8; index++) assertEquals(await bob.line(), `eve (to you): ${index}`);
  assert(performance.now() - began > 2000, "what was over the burst had to wait for its turn");
});

Deno.test("chat: who never registers has a few lines free, and then the rate of everybody", async () => {
  await using chat = await startBoth({ rate: { perSecond: 20, burst: 5 } });
  using client = await TestClient.connect(chat.ircPort);
  const [free, overRate] = [32, 20];
  const began = performance.now();
  await client.send(Array.from({ length: free + 5 + overRate }, (_, index) => `PING ${index}\r\n`).join(""));
  for (let index = 0; index < free + 5 + overRate; index++) {
    assertEquals(await client.line(), `:irc.test PONG irc.test ${index}\r`);
  }
  assert(performance.now() - began > 500, "what was over the burst had to wait for its turn");
});

Deno.test("chat: a client that two things hold back is read again when neither does", () => {
  const calls: string[] = [];
  const gate = new ReadGate({ pause: () => calls.push("pause"), resume: () => calls.push("resume") });
  gate.resume("rate");
  gate.pause("rate");
  gate.pause("commands");
  gate.pause("rate");
  gate.resume("commands");
  assertEquals(calls, ["pause"]);
  gate.resume("rate");
  gate.resume("rate");
  assertEquals(calls, ["pause", "resume"]);
});
