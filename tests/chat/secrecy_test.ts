/**
 * What those outside a room are told of it, and of those who do not want to be found.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { linesOf } from "./_chat.ts";
import { IrcPerson, startBoth } from "./_irc.ts";

Deno.test("chat: a secret room answers those outside of it as one that there is not, whatever they ask", async () => {
  await using chat = await startBoth();
  using op = await IrcPerson.enter(chat.ircPort, "op");
  await op.send("JOIN #den", "MODE #den +s", "MODE #den +b bad", "TOPIC #den :the plan");
  await op.sync();
  using eve = await IrcPerson.enter(chat.ircPort, "eve");
  const questions = (channel: string) => [
    ...[`MODE ${channel}`, `MODE ${channel} b`, `MODE ${channel} +m`, `TOPIC ${channel}`],
    ...[`TOPIC ${channel} :mine`, `NAMES ${channel}`, `WHO ${channel}`, `PART ${channel}`],
    ...[`KICK ${channel} op`, `INVITE op ${channel}`, `PRIVMSG ${channel} :hi`, `PRIVMSG @${channel} :hi`],
    ...[`LIST ${channel}`, `CHATHISTORY LATEST ${channel} * 10`, "WHOIS op"],
  ];
  const asked = async (channel: string) => {
    await eve.send(...questions(channel));
    const answers = await eve.sync();
    return answers.filter((line) => !/ (311|312|317|318) /.test(line)).map((line) =>
      line.replaceAll(channel, "#it")
    );
  };
  const secret = await asked("#den");
  assertEquals(secret, await asked("#no"));
  assert(secret.filter((line) => / 403 /.test(line)).length >= 9, secret.join("\n"));

  using ann = await chat.enter("ann");
  await ann.send("/rooms\n/who\n");
  assertEquals(await linesOf(ann, 2), ["Open rooms: lobby (1)", "In lobby: ann"]);
  await op.send("NAMES #den");
  assert((await op.sync()).some((line) => / 353 op @ #den :?@op$/.test(line)), "its members are told");
});

Deno.test("chat: who is invisible is found by those in the same room alone", async () => {
  await using chat = await startBoth();
  using ann = await IrcPerson.enter(chat.ircPort, "ann");
  await ann.send("MODE ann +i", "JOIN #den");
  await ann.sync();
  using bob = await IrcPerson.enter(chat.ircPort, "bob");
  const found = async () => {
    await bob.send("NAMES #den", "WHO #den", "WHO *", "WHO a*");
    const lines = await bob.sync();
    return lines.filter((line) => / (352|353) .*\bann\b/.test(line)).map((line) => line.split(" ")[1]);
  };
  assertEquals(await found(), []);
  await bob.send("JOIN #den");
  await bob.sync();
  assertEquals(await found(), ["353", "352", "352", "352"]);
});

Deno.test("chat: a ban of a name holds for who takes another one, inside the room and outside", async () => {
  await using chat = await startBoth();
  using op = await IrcPerson.enter(chat.ircPort, "op");
  await op.send("JOIN #den");
  await op.sync();
  using eve = await IrcPerson.enter(chat.ircPort, "eve");
  using ann = await chat.enter("ann");
  await eve.send("JOIN #den");
  await eve.sync();
  await ann.send("/join den\n/who\n");
  await linesOf(ann, 2);
  await op.send("MODE #den +bb eve ann");
  await op.sync();
  await eve.send("NICK eva", "PRIVMSG #den :still here");
  assertEquals((await eve.sync()).at(-1)?.split(" ")[1], "404");
  await ann.send("/nick anna\nstill here\n/who\n");
  const answers = await linesOf(ann, 4);
  assert(answers.includes("Error: Cannot say that: you are not heard there"), answers.join("\n"));

  await op.send("KICK #den eva");
  await op.sync();
  await eve.send("NICK evi", "JOIN #den");
  assertEquals((await eve.sync()).at(-1)?.split(" ")[1], "474");
  // Put out first, and banned by the name that it had then.
  using zoe = await IrcPerson.enter(chat.ircPort, "zoe");
  await zoe.send("JOIN #den");
  await zoe.sync();
  await op.send("KICK #den zoe");
  await op.sync();
  await zoe.send("NICK zoo");
  await zoe.sync();
  await op.send("MODE #den +b zoe");
  await op.sync();
  await zoe.send("JOIN #den");
  assertEquals((await zoe.sync()).at(-1)?.split(" ")[1], "474");
  // Another person who takes the name later is as free as the ban lets that name be.
  await op.send("MODE #den -b zoe");
  await op.sync();
  await zoe.send("JOIN #den");
  assert((await zoe.sync()).some((line) => line.endsWith(" JOIN #den")), "the ban is lifted");
});

Deno.test("chat: who was heard while somebody else was banned is not heard once it is banned itself", async () => {
  await using chat = await startBoth();
  using op = await IrcPerson.enter(chat.ircPort, "op");
  await op.send("JOIN #den", "MODE #den +b zoe");
  await op.sync();
  using ann = await IrcPerson.enter(chat.ircPort, "ann");
  await ann.send("JOIN #den", "PRIVMSG #den :one");
  await ann.sync();
  assert((await op.sync()).some((line) => line.endsWith("#den :one")), "she is heard");
  await op.send("MODE #den +b ann");
  await op.sync();
  await ann.send("PRIVMSG #den :two");
  assertEquals((await ann.sync()).at(-1)?.split(" ")[1], "404");
  await ann.send("PART #den", "JOIN #den");
  assertEquals((await ann.sync()).at(-1)?.split(" ")[1], "474");
  await op.send("MODE #den -b ann");
  await op.sync();
  await ann.send("JOIN #den");
  assert((await ann.sync()).some((line) => line.endsWith(" JOIN #den")), "the ban is lifted");
});

Deno.test("chat: a ban of a name holds for names that look like it", async () => {
  await using chat = await startBoth();
  using op = await IrcPerson.enter(chat.ircPort, "op");
  await op.send("JOIN #den", "MODE #den +bb paul *!*@nowhere");
  await op.sync();
  for (
    const [nick, isBanned] of [["раul", true], ["PAUL", true], ["pau1", true], ["paula", false]] as const
  ) {
    using person = await IrcPerson.enter(chat.ircPort, nick);
    await person.send("JOIN #den");
    const answer = (await person.sync()).at(-1)?.split(" ")[1];
    assertEquals(answer, isBanned ? "474" : "366", nick);
  }
});
