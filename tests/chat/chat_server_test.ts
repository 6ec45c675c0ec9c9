import { assert, assertEquals, assertMatch } from "@std/assert";
import { ROOM_TEXT_NAMES } from "../../protocols/chat_texts.ts";
import { deadline, tempDirectory, TestClient } from "../_helpers.ts";
import { linesOf, startChat } from "./_chat.ts";

Deno.test("chat: everyone else is told who comes, what is said, and who goes; the one who does it is not", async () => {
  await using chat = await startChat();
  using ann = await chat.enter("ann");
  using bob = await chat.enter("bob");
  assertEquals(await ann.line(), "bob has joined the chat.");
  await bob.send("hello\n/me waves\n//who knows\n");
  assertEquals(await linesOf(ann, 3), ["bob: hello", "* bob waves", "bob: /who knows"]);
  await ann.send("bye\n");
  await ann.send("quit\n");
  assertEquals(await ann.rest(), "");
  assertEquals(await linesOf(bob, 2), ["ann: bye", "ann has left the chat."]);
});

Deno.test("chat: a name that is taken, looks like one that is, or is not allowed is refused, and another may be tried", async () => {
  await using chat = await startChat();
  using ann = await chat.enter("Paul");
  using bob = await TestClient.connect(chat.port);
  const refused = ["Paul", "PAUL", "Раul", "pau1", "", "a b", "x".repeat(33), "\u001b[2J", "Error"];
  for (const name of refused) {
    await bob.send(`${name}\n`);
    const answer = await bob.line();
    assertMatch(answer ?? "", /^Error: Cannot log in: /, name);
    assert(!/\p{Cc}/u.test(answer ?? ""), "control characters come back visible");
  }
  await bob.send("bob\n/who\n");
  assertEquals(await bob.line(), "In lobby: Paul, bob");
  assertEquals(await ann.line(), "bob has joined the chat.");
});

Deno.test("chat: a name is free again once its owner has left, and the left comes before the joined", async () => {
  await using chat = await startChat();
  using watcher = await chat.enter("watcher");
  for (let round = 0; round < 20; round++) {
    const bob = await chat.enter("bob");
    assertEquals(await watcher.line(), "bob has joined the chat.");
    if (round % 2 === 0) {
      await bob.send("/quit\n");
      await bob.closed();
    } else {
      bob.close();
    }
    assertEquals(await watcher.line(), "bob has left the chat.");
    bob.close();
  }
});

Deno.test("chat: however a member goes, it has left exactly once", async () => {
  await using chat = await startChat({ maxFrameBytes: 1000 });
  using watcher = await chat.enter("watcher");
  const ways: ((client: TestClient) => Promise<void>)[] = [
    (client) => client.send("quit\n"),
    (client) => client.send("/quit\nquit\n/quit\n"),
    (client) => client.closeWrite(),
    (client) => Promise.resolve(client.close()),
    // Unread data at the close makes it a reset.
    async (client) => {
      await client.send("/help\n/help\n");
      client.close();
    },
    (client) => client.send("x".repeat(2000)),
    (client) => client.send(Uint8Array.of(0xff, 0xfe, 10)),
  ];
  for (const go of ways) {
    using leaver = await chat.enter("leaver");
    assertEquals(await watcher.line(), "leaver has joined the chat.");
    await go(leaver);
    assertEquals(await watcher.line(), "leaver has left the chat.");
  }
  // Nothing more was said than that.
  using last = await chat.enter("last");
  assertEquals(await watcher.line(), "last has joined the chat.");
  await last.closeWrite();
});

Deno.test("chat: who never logged in neither comes nor goes", async () => {
  await using chat = await startChat();
  using watcher = await chat.enter("watcher");
  for (const said of ["", "watcher\n", "quit\n", "/quit\n"]) {
    using stranger = await TestClient.connect(chat.port);
    await stranger.send(said);
    await stranger.closeWrite();
    await stranger.closed();
  }
  using bob = await chat.enter("bob");
  assertEquals(await watcher.line(), "bob has joined the chat.");
  await bob.closeWrite();
});

Deno.test("chat: control characters reach nobody, and no text passes for another kind of line", async () => {
  await using chat = await startChat();
  using ann = await chat.enter("ann");
  using bob = await chat.enter("bob");
  await ann.line();
  await bob.send("\u001b]0;owned\u0007\u0000\u009b31m\u202e\n");
  assertEquals(await ann.line(), "bob: ␛]0;owned␇␀<U+009B>31m<U+202E>");
  await bob.send("/msg ann ann has left the chat.\u0085\n");
  assertEquals(await ann.line(), "bob (to you): ann has left the chat.<U+0085>");
});

Deno.test("chat: rooms are made on first use, and what is said in one is heard in no other", async () => {
  await using chat = await startChat();
  using ann = await chat.enter("ann");
  using bob = await chat.enter("bob");
  using eve = await chat.enter("eve");
  await linesOf(ann, 2);
  await bob.line();
  await ann.send("/join Tea\n");
  assertEquals(await ann.line(), "You are in Tea now.");
  assertEquals([await bob.line(), await eve.line()], ["ann has left the chat.", "ann has left the chat."]);
  await bob.send("/join tea\n");
  assertEquals(await bob.line(), "You are in Tea now.");
  assertEquals([await ann.line(), await eve.line()], ["bob has joined the chat.", "bob has left the chat."]);
  await ann.send("only here\n/join TEA\n/rooms\n/who\n");
  assertEquals(await bob.line(), "ann: only here");
  assertEquals(await linesOf(ann, 3), [
    "You are in Tea already.",
    "Open rooms: lobby (1), Tea (2)",
    "In Tea: ann, bob",
  ]);
  await eve.send("/join ../../etc/passwd\n/join\n/dance\n/rooms\n");
  assertEquals(await linesOf(eve, 4), [
    'Error: Cannot join that room: "../../etc/passwd" has more than letters, digits, _, - and .',
    "Error: /join takes the name of a room",
    "Error: there is no command /dance; /help names them all",
    "Open rooms: lobby (1), Tea (2)",
  ]);
  await eve.send("/join other\n");
  await eve.line();
  await eve.send("/rooms\n");
  assertEquals(await eve.line(), "Open rooms: Tea (2), other (1)");
});

Deno.test("chat: rooms whose names look alike are one room, whichever was there first", async () => {
  await using chat = await startChat();
  using ann = await chat.enter("ann");
  using bob = await chat.enter("bob");
  const hears = async (client: TestClient, wanted: string) => {
    for (let line; (line = await client.line()) !== wanted;) assert(line !== null, `${wanted} is heard`);
  };
  // One of the first letters is Greek: as a small letter it looks like the other, as a capital it does not.
  for (const [first, second] of [["vic", "νic"], ["νix", "vix"]]) {
    await ann.send(`/join ${first}\n`);
    await hears(ann, `You are in ${first} now.`);
    await bob.send(`/join ${second}\n/rooms\n`);
    await hears(bob, `You are in ${first} now.`);
    assertEquals(await bob.line(), `Open rooms: ${first} (2)`);
  }
});

Deno.test("chat: help names every command, and each that it names is one", async () => {
  await using chat = await startChat();
  using ann = await chat.enter("ann");
  await ann.send("/help\n/who\n");
  const help: string[] = [];
  for (let line; (line = await ann.line()) !== "In lobby: ann";) help.push(line ?? "");
  assertEquals(help.map((line) => line.split(" ")[0]), [
    ...["/who", "/me", "/msg", "/join", "/rooms", "/history", "/nick"],
    ...ROOM_TEXT_NAMES.map((name) => `/${name}`),
    ...["/away", "/invite", "/kick", "/ban", "/unban", "/op", "/quit", "//TEXT"],
  ]);
});

Deno.test("chat: a private message reaches one person, in any room, and nobody else", async () => {
  await using chat = await startChat();
  using ann = await chat.enter("ann");
  using bob = await chat.enter("bob");
  await ann.line();
  await bob.send("/join elsewhere\n");
  await Promise.all([bob.line(), ann.line()]);
  await ann.send("/msg BOB psst\n/msg nobody psst\n/msg bob\n");
  assertEquals(await bob.line(), "ann (to you): psst");
  assertEquals(await linesOf(ann, 2), [
    "Error: Cannot send to nobody: nobody has that name",
    "Error: /msg takes a name and a text",
  ]);
});

Deno.test("chat: the history has the last 50 lines of a room, also of one that everybody had left", async () => {
  await using chat = await startChat();
  using ann = await chat.enter("ann");
  for (let index = 0; index < 60; index++) await ann.send(`line ${index}\n`);
  await ann.send("/history\n");
  const expected = Array.from({ length: 50 }, (_, index) => `ann: line ${index + 10}`);
  assertEquals(await linesOf(ann, 51), ["The last 50 lines of lobby:", ...expected]);
  await ann.send("/history 2\n/join tea\n/me sips\n/join lobby\n/history 1\n/join TEA\n/history\n");
  assertEquals(await linesOf(ann, 3), ["The last 2 lines of lobby:", "ann: line 58", "ann: line 59"]);
  assertEquals(await linesOf(ann, 4), [
    "You are in tea now.",
    "You are in lobby now.",
    "The last line of lobby:",
    "ann: line 59",
  ]);
  assertEquals(await linesOf(ann, 3), ["You are in TEA now.", "The last line of TEA:", "* ann sips"]);
});

Deno.test("chat: a history of long lines is cut to its end, and cuts off nobody who asks for it", async () => {
  await using chat = await startChat();
  using ann = await chat.enter("ann");
  const text = "x".repeat(60_000);
  for (let line = 0; line < 30; line++) await ann.send(`${line} ${text}\n`);
  await ann.send("/history\n");
  assertEquals(await ann.line(), "The last 4 lines of lobby:");
  for (let line = 26; line < 30; line++) assertEquals(await ann.line(), `ann: ${line} ${text}`);
  await ann.send("/who\n");
  assertEquals(await ann.line(), "In lobby: ann");
});

Deno.test("chat: the history survives a restart; a line cut off by a crash is not half there", async () => {
  await using directory = await tempDirectory();
  const historyFile = directory.file("history.log");
  {
    await using chat = await startChat({ historyFile });
    using ann = await chat.enter("ann");
    using bob = await chat.enter("bob");
    await ann.line();
    await bob.send("one\ntwo\n");
    assertEquals(await linesOf(ann, 2), ["bob: one", "bob: two"]);
    await bob.send("/join tea\nthree\n/history\n");
    assertEquals(await ann.line(), "bob has left the chat.");
    assertEquals(await linesOf(bob, 3), ["You are in tea now.", "The last line of tea:", "bob: three"]);
  }
  const bytes = await Deno.readFile(historyFile);
  await Deno.writeFile(historyFile, bytes.subarray(0, -3));
  await using chat = await startChat({ historyFile });
  using eve = await chat.enter("eve");
  await eve.send("/history\n/join tea\n/history\n");
  assertEquals(await linesOf(eve, 5), [
    "The last 2 lines of lobby:",
    "bob: one",
    "bob: two",
    "You are in tea now.",
    "Nothing was said in tea yet.",
  ]);
});

Deno.test("chat: a history file that cannot be opened stops the chat at its start", async () => {
  await using directory = await tempDirectory();
  let failure: unknown;
  try {
    await using _chat = await startChat({ historyFile: directory.file("missing/history.log") });
  } catch (error) {
    failure = error;
  }
  assertMatch(String(failure), /Cannot open .*missing\/history\.log/);
});

Deno.test("chat: when it stops, everybody is told, and nobody is told that everybody left", async () => {
  const chat = await startChat();
  const members: TestClient[] = [];
  try {
    for (const name of ["ann", "bob", "cid"]) members.push(await chat.enter(name));
    await linesOf(members[0] ?? fail(), 2);
    await members[1]?.line();
    await deadline(chat.system.stop(), undefined, "the stop");
    for (const member of members) assertEquals(await member.rest(), "The server is shutting down.\n");
  } finally {
    for (const member of members) member.close();
  }
});

function fail(): never {
  throw new Error("Cannot be");
}

Deno.test("chat: who makes a room leads it: topic, kick, ban and op are its operators' alone", async () => {
  await using chat = await startChat();
  using ann = await chat.enter("ann");
  await ann.send("/join den\n");
  assertEquals(await ann.line(), "You are in den now.");
  using bob = await chat.enter("bob");
  await bob.send("/join den\n/topic mine\n/kick ann\n/topic\n");
  assertEquals(await linesOf(bob, 4), [
    "You are in den now.",
    "Error: Cannot set the topic: only an operator of the room may",
    "Error: Cannot put out ann: only an operator of the room may",
    "den has no topic.",
  ]);
  assertEquals(await ann.line(), "bob has joined the chat.");
  await ann.send("/topic quiet, please\n/kick bob too loud\n/ban bob\n");
  assertEquals(await linesOf(ann, 3), ["The topic is set.", "bob was put out by ann: too loud", "Done."]);
  assertEquals(await linesOf(bob, 2), [
    "ann has set the topic: quiet, please",
    "You were put out by ann: too loud",
  ]);
  await bob.send("/join den\n/who\n");
  assertEquals(await linesOf(bob, 2), [
    "Error: Cannot join that room: you are banned from it",
    "In lobby: bob",
  ]);
  await ann.send("/unban bob\n");
  assertEquals(await ann.line(), "Done.");
  await bob.send("/join den\n");
  assertEquals(await bob.line(), "You are in den now.");
  assertEquals(await ann.line(), "bob has joined the chat.");
  await ann.send("/op bob\n");
  assertEquals(await ann.line(), "Done.");
  await bob.send("/kick ann\n");
  assertEquals(await linesOf(ann, 1), ["You were put out by bob."]);
});

Deno.test("chat: a new name is told in the room, is free for nobody else, and the old one is free again", async () => {
  await using chat = await startChat();
  using ann = await chat.enter("ann");
  using bob = await chat.enter("bob");
  assertEquals(await ann.line(), "bob has joined the chat.");
  await bob.send("/nick ANN\n/nick robert\nhello\n");
  assertEquals(await linesOf(bob, 2), [
    "Error: Cannot take that name: ANN is taken, or looks like a name that is",
    "You are robert now.",
  ]);
  assertEquals(await linesOf(ann, 2), ["bob is now robert.", "robert: hello"]);
  await ann.send("/msg robert psst\n/away at lunch\n");
  assertEquals(await bob.line(), "ann (to you): psst");
  assertEquals(await ann.line(), "You are away.");
  await bob.send("/who\n");
  assertEquals(await bob.line(), "In lobby: ann (away), robert");
  using other = await chat.enter("bob");
  assertEquals(await ann.line(), "bob has joined the chat.");
  await other.send("quit\n");
  assertEquals(await ann.line(), "bob has left the chat.");
});
