/**
 * The chat by its IRC door, and together with line clients: raw sockets on both.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestClient, until } from "../_helpers.ts";
import { IrcPerson, startBoth } from "./_irc.ts";

Deno.test("chat: a line client and an IRC client are in one room, and hear each other once and in one order", async () => {
  await using chat = await startBoth();
  using ann = await chat.enter("ann");
  using bob = await IrcPerson.enter(chat.ircPort, "bob");
  await bob.send("JOIN #lobby");
  assertEquals(await bob.sync(), [
    ":bob!user@host JOIN #lobby",
    ":irc.test 353 bob = #lobby :ann bob",
    ":irc.test 366 bob #lobby :End of /NAMES list",
  ]);
  assertEquals(await ann.line(), "bob has joined the chat.");
  await ann.send("hello\n/me waves\n/who\n");
  assertEquals(await ann.line(), "In lobby: ann, bob");
  assertEquals(await bob.sync(), [
    ":ann!user@host PRIVMSG #lobby :hello",
    ":ann!user@host PRIVMSG #lobby :\x01ACTION waves\x01",
  ]);
  await bob.send(
    "PRIVMSG #lobby :\x02hi\x02 there",
    "PRIVMSG #lobby :\x01ACTION nods\x01",
    "PRIVMSG ann :psst",
  );
  await bob.sync();
  assertEquals([await ann.line(), await ann.line(), await ann.line()], [
    "bob: hi there",
    "* bob nods",
    "bob (to you): psst",
  ]);
  await ann.send("/nick anna\n/msg bob yes\n/quit\n");
  assertEquals(await ann.line(), "You are anna now.");
  assertEquals(await ann.line(), null);
  const last: string[] = [];
  await until(async () => {
    last.push(...await bob.sync());
    return last.some((line) => line.includes(" QUIT "));
  }, "the quit");
  assertEquals(last, [
    ":ann!user@host NICK anna",
    ":anna!user@host PRIVMSG bob :yes",
    ":anna!user@host QUIT :",
  ]);
});

Deno.test("chat: names are one space for all doors, look-alikes too", async () => {
  await using chat = await startBoth();
  using _ann = await chat.enter("Paul");
  using bob = await IrcPerson.enter(chat.ircPort, "bob");
  await bob.send("NICK paul", "NICK раul", "NICK #x", "NICK bobby");
  assertEquals(await bob.sync(), [
    ":irc.test 433 bob paul :Nickname is already in use",
    ":irc.test 433 bob раul :Nickname is already in use",
    ":irc.test 432 bob #x :Erroneous nickname",
    ":bob!user@host NICK bobby",
  ]);
  using late = await chat.enter("late");
  await late.send("/nick BOBBY\n");
  assertMatch(await late.line() ?? "", /^Error: Cannot take that name/);
});

Deno.test("chat: who is put out, and why, is told at each door in its own words", async () => {
  await using chat = await startBoth();
  using op = await IrcPerson.enter(chat.ircPort, "op");
  await op.send("JOIN #den");
  using ann = await chat.enter("ann");
  await ann.send("/join den\n");
  assertEquals(await ann.line(), "You are in den now.");
  await op.sync();
  await op.send("TOPIC #den :quiet", "MODE #den +im", "KICK #den ann :shh");
  await op.sync();
  assertEquals([await ann.line(), await ann.line()], [
    "op has set the topic: quiet",
    "You were put out by op: shh",
  ]);
  await ann.send("/join den\n/who\n");
  assertEquals([await ann.line(), await ann.line()], [
    "Error: Cannot join that room: one comes in by invitation only",
    "In lobby: ann",
  ]);
  await op.send("INVITE ann #den");
  assertEquals(await op.sync(), [":irc.test 341 op ann #den"]);
  assertEquals(await ann.line(), "op invites you to den: /join den");
  await ann.send("/join den\nhello?\n");
  assertEquals([await ann.line(), await ann.line()], [
    "You are in den now.",
    "Error: Cannot say that: you are not heard there",
  ]);
  await ann.send("/who\n");
  assertEquals(await ann.line(), "In den: op, ann");
  assertEquals(await op.sync(), [":ann!user@host JOIN #den"]);
});

Deno.test("chat: an invitation is told to the operators who asked for invite-notify, and to nobody else", async () => {
  await using chat = await startBoth();
  using ann = await IrcPerson.enter(chat.ircPort, "ann", "invite-notify");
  using bob = await IrcPerson.enter(chat.ircPort, "bob", "invite-notify");
  using cy = await IrcPerson.enter(chat.ircPort, "cy");
  using dee = await IrcPerson.enter(chat.ircPort, "dee", "invite-notify");
  using eve = await IrcPerson.enter(chat.ircPort, "eve");
  await ann.send("JOIN #den");
  await ann.sync();
  for (const person of [bob, cy, dee]) {
    await person.send("JOIN #den");
    await person.sync();
  }
  await ann.send("MODE #den +oo bob cy");
  await ann.sync();
  for (const person of [bob, cy, dee]) await person.sync();

  await ann.send("INVITE eve #den");
  assertEquals(await ann.sync(), [":irc.test 341 ann eve #den"]);
  assertEquals(await bob.sync(), [":ann!user@host INVITE eve #den"]);
  assertEquals(await cy.sync(), [], "an operator who did not ask for it");
  assertEquals(await dee.sync(), [], "a member who is no operator");
  assertEquals(await eve.sync(), [":ann!user@host INVITE eve #den"]);
});

Deno.test("chat: CHATHISTORY gives what was said at every door, in a batch, with its number and time", async () => {
  await using chat = await startBoth();
  using ann = await chat.enter("ann");
  await ann.send("one\ntwo\n/who\n");
  await ann.line();
  using bob = await IrcPerson.enter(
    chat.ircPort,
    "bob",
    "batch server-time message-tags draft/chathistory echo-message",
  );
  await bob.send("JOIN #lobby", "PRIVMSG #lobby :three");
  const echo = (await bob.sync()).at(-1) ?? "";
  const [, id = ""] = /msgid=([^ ;]+)/.exec(echo) ?? [];
  assert(id !== "", echo);
  const texts = (lines: readonly string[]) =>
    lines.flatMap((line) => / PRIVMSG #lobby :(.*)$/.exec(line)?.[1] ?? []);
  await bob.send("CHATHISTORY LATEST #lobby * 10");
  const latest = await bob.sync();
  assertMatch(latest[0] ?? "", /^:irc\.test BATCH \+b\d+ chathistory #lobby$/);
  assertEquals(texts(latest), ["one", "two", "three"]);
  assert(
    latest.slice(1, -1).every((line) => /^@batch=b\d+;time=\d{4}-.*Z;msgid=\S+ :/.test(line)),
    latest.join("\n"),
  );
  await bob.send(`CHATHISTORY BEFORE #lobby msgid=${id} 1`);
  assertEquals(texts(await bob.sync()), ["two"]);
  await bob.send("CHATHISTORY LATEST #elsewhere * 10", "CHATHISTORY SIDEWAYS #lobby * 10");
  assertEquals(await bob.sync(), [
    ":irc.test FAIL CHATHISTORY INVALID_TARGET LATEST #elsewhere :Messages could not be retrieved",
    ":irc.test FAIL CHATHISTORY INVALID_PARAMS SIDEWAYS :Unknown subcommand or parameters",
  ]);
});

Deno.test("chat: CHATHISTORY TARGETS names the client's channels by the time of their last line", async () => {
  await using chat = await startBoth();
  using ann = await IrcPerson.enter(chat.ircPort, "ann", "batch server-time message-tags echo-message");
  using bob = await IrcPerson.enter(chat.ircPort, "bob");
  await bob.send("JOIN #other", "PRIVMSG #other :not ann's");
  await bob.sync();
  const times: string[] = [];
  for (const room of ["#late", "#silent", "#early"]) await ann.send(`JOIN ${room}`);
  await ann.sync();
  for (const room of ["#early", "#late"]) {
    await ann.send(`PRIVMSG ${room} :hi`);
    times.push(/time=([^; ]+)/.exec((await ann.sync()).at(-1) ?? "")?.[1] ?? "");
    // The next room's line is of a later millisecond.
    await until(() => new Date().toISOString() > (times.at(-1) ?? ""), "a later time");
  }
  const [early = "", late = ""] = times;
  const ask = async (from: string, to: string, limit = 10) => {
    await ann.send(`CHATHISTORY TARGETS timestamp=${from} timestamp=${to} ${limit}`);
    const lines = await ann.sync();
    assertMatch(lines[0] ?? "", /^:irc\.test BATCH \+b\d+ draft\/chathistory-targets$/);
    assertMatch(lines.at(-1) ?? "", /^:irc\.test BATCH -b\d+$/);
    return lines.slice(1, -1).map((line) => line.replace(/^@batch=b\d+ :irc\.test CHATHISTORY TARGETS /, ""));
  };
  const [past, future] = ["2020-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z"];
  const all = [`#early ${early}`, `#late ${late}`];
  assertEquals(await ask(past, future), all);
  assertEquals(await ask(future, past), all);
  assertEquals(await ask(past, future, 1), all.slice(0, 1));
  assertEquals(await ask(future, past, 1), all.slice(1), "from the side of the first time");
  assertEquals(await ask(early, future), all.slice(1));
  assertEquals(await ask(past, early), []);
  for (const params of ["", ` timestamp=${past} timestamp=${future}`, ` msgid=a timestamp=${future} 5`]) {
    await ann.send(`CHATHISTORY TARGETS${params}`);
    assertEquals(await ann.sync(), [
      ":irc.test FAIL CHATHISTORY INVALID_PARAMS TARGETS :Unknown subcommand or parameters",
    ]);
  }
});

Deno.test("chat: a long line of a line client reaches IRC whole, in as many messages as it takes", async () => {
  await using chat = await startBoth();
  using ann = await chat.enter("ann");
  using bob = await IrcPerson.enter(chat.ircPort, "bob");
  await bob.send("JOIN #lobby");
  await bob.sync();
  const text = "größer ".repeat(2000).trim();
  await ann.send(`${text}\n/who\n`);
  await ann.line();
  await ann.line();
  const lines = await bob.sync();
  assert(lines.every((line) => new TextEncoder().encode(line).length <= 510));
  assertEquals(lines.map((line) => line.replace(/^\S+ PRIVMSG #lobby :/, "")).join(""), text);
});

Deno.test("chat: what is no IRC is answered or passed over, and the connection goes on", async () => {
  await using chat = await startBoth();
  using bob = await IrcPerson.enter(chat.ircPort, "bob");
  await bob.send(
    "",
    ":",
    "@",
    "@a",
    "PRIVMSG",
    "PRIVMSG #lobby",
    "JOIN",
    "MODE",
    "x".repeat(600),
    "\x00\x01",
  );
  await bob.client.send(Uint8Array.of(0x4e, 0x49, 0x43, 0x4b, 0x20, 0xff, 0xfe, 0x0d, 0x0a));
  const answers = await bob.sync();
  assertEquals(answers.map((line) => line.split(" ")[1]), ["411", "412", "461", "461", "417", "421", "FAIL"]);
  await bob.send("PRIVMSG nobody :hi", "TAGMSG bob", "JOIN not-a-channel", "KICK #lobby bob", "BREW coffee");
  assertEquals((await bob.sync()).map((line) => line.split(" ")[1]), ["401", "421", "403", "403", "421"]);
});

Deno.test("chat: what an IRC client says with a label and without is echoed in the order of the room", async () => {
  await using chat = await startBoth();
  const capabilities = "echo-message labeled-response batch message-tags";
  using ann = await IrcPerson.enter(chat.ircPort, "ann", capabilities);
  using bob = await IrcPerson.enter(chat.ircPort, "bob");
  await ann.send("JOIN #a");
  await ann.sync();
  await bob.send("JOIN #a");
  await bob.sync();
  await ann.sync();
  const lines = ["PRIVMSG #a :1", "@label=x PRIVMSG #a :2", "PRIVMSG #a :3", "@label=y PRIVMSG #a :4"];
  await ann.send(...lines);
  const echoed = await ann.sync();
  assertEquals(echoed.map((line) => line.slice(-1)), ["1", "2", "3", "4"]);
  assertEquals(echoed.map((line) => /label=(.)/.exec(line)?.[1]), [undefined, "x", undefined, "y"]);
  assertEquals((await bob.sync()).map((line) => line.slice(-1)), ["1", "2", "3", "4"]);
});

Deno.test("chat: an IRC client that comes back too often waits for its welcome, and what it sent ahead waits with it", async () => {
  await using chat = await startBoth();
  // As many as come back at once, and then those of whom each waits more than one turn.
  for (let index = 0; index < 21; index++) {
    (await IrcPerson.enter(chat.ircPort, `n${index}`))[Symbol.dispose]();
  }
  const late = await Promise.all(["ann", "bob", "eve"].map(async (nick) => {
    const client = await TestClient.connect(chat.ircPort);
    await client.send(`NICK ${nick}\r\nUSER ${nick} 0 * :${nick}\r\nJOIN #den\r\n`);
    return client;
  }));
  for (const client of late) {
    await until(async () => ((await client.line()) ?? "").includes(" 366 "), "the end of the names");
    client.close();
  }
});
