/**
 * What is promised of each text of a room, the topic and any other, at every door.
 */
import { assertEquals } from "@std/assert";
import { IRC_TEXTS } from "../../actors/chat/doors/irc_texts.ts";
import { ROOM_TEXT_NAMES } from "../../protocols/chat_texts.ts";
import { DoorMember, startAll } from "./_doors.ts";
import { sharedDriver, startServer, until } from "./cluster/_servers.ts";

for (const name of ROOM_TEXT_NAMES) {
  const { command, none, text } = IRC_TEXTS[name];
  const cannot = new RegExp(`^Error: Cannot set the ${name}: only an operator of the room may$`);

  Deno.test(`chat: the ${name} of a room is set by its operators at any door, and told and shown at all`, async () => {
    await using chat = await startAll();
    using ann = await DoorMember.enter(chat, "line", "ann");
    using bob = await DoorMember.enter(chat, "irc", "bob");
    using eve = await DoorMember.enter(chat, "web", "eve");
    await ann.send(`/join den\n/${name}\n/help`);
    await ann.find(new RegExp(`^den has no ${name}\\.$`));
    await ann.find(new RegExp(`^/${name} \\[TEXT\\] `));
    await bob.send(`JOIN #den\r\n${command} #den`);
    await bob.find(new RegExp(` ${none} bob #den :`));
    await bob.send("HELP");
    await bob.find(new RegExp(`\\b${command}\\b.* INVITE`));
    await eve.send(`{"type":"join","room":"den"}`);
    await eve.find(new RegExp(`^\\{"type":"room","room":"den",.*"${name}":""`));

    await ann.send(`/${name} by-ann`);
    await ann.find(new RegExp(`^The ${name} is set\\.$`));
    await bob.find(new RegExp(`^:ann!\\S+ ${command} #den :by-ann\\r?$`));
    await eve.find(new RegExp(`^\\{"type":"${name}","room":"den","name":"ann","text":"by-ann"\\}$`));

    await bob.send(`${command} #den :by-bob`);
    await bob.find(/ 482 bob #den :/);
    await eve.send(`{"type":"${name}","room":"den","text":"by-eve"}`);
    await eve.find(new RegExp(`^\\{"type":"refused","command":"${name}",.*only an operator`));
    using carl = await DoorMember.enter(chat, "line", "carl");
    await carl.send(`/join den\n/${name}\n/${name} by-carl`);
    await carl.find(new RegExp(`^ann has set the ${name}: by-ann$`));
    await carl.find(cannot);

    await ann.send("/op bob\n/op eve\n/op carl");
    await bob.find(/ MODE #den \+o carl/);
    await bob.send(`${command} #den :by-bob`);
    await ann.find(new RegExp(`^bob has set the ${name}: by-bob$`));
    await eve.send(`{"type":"${name}","room":"den","text":"by-eve"}`);
    await ann.find(new RegExp(`^eve has set the ${name}: by-eve$`));
    using dan = await DoorMember.enter(chat, "irc", "dan");
    await dan.send("JOIN #den");
    await dan.find(new RegExp(` ${text} dan #den :by-eve\\r?$`));
    using pat = await DoorMember.enter(chat, "web", "pat");
    await pat.send(`{"type":"join","room":"den"}`);
    await pat.find(new RegExp(`^\\{"type":"room","room":"den",.*"${name}":"by-eve"`));

    await bob.send(`${command} #den :`);
    await ann.find(new RegExp(`^bob has cleared the ${name}\\.$`));
    await ann.send(`/${name}`);
    await ann.find(new RegExp(`^den has no ${name}\\.$`));
  });

  Deno.test(`chat cluster: the ${name} of a room is in its journal, and there when its host has gone`, async () => {
    const driver = sharedDriver();
    const one = await startServer(driver);
    await using two = await startServer(driver);
    using ann = await one.enter("ann");
    using bob = await two.enter("bob");
    await ann.send(`/join den\n/${name} by-ann\n`);
    await until(ann, `The ${name} is set.`);
    await bob.send("/join den\n/who\n");
    await until(bob, "In den: ann, bob");
    await one[Symbol.asyncDispose]();
    await until(bob, "ann has left the chat.");
    using carl = await two.enterIrc("carl");
    await carl.send("JOIN #den");
    const told = (await carl.sync()).find((line) => line.includes(` ${text} carl #den `));
    assertEquals(told, `:irc.test ${text} carl #den :by-ann`);
  });
}
