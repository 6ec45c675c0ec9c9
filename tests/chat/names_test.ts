import { assert, assertEquals } from "@std/assert";
import type { Answer, MemberMessage, Person } from "../../actors/chat/messages.ts";
import type { NamesCommand } from "../../actors/chat/owner_messages.ts";
import { names } from "../../actors/chat/names.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { parseChatName } from "../../protocols/chat_names.ts";
import { until } from "../_helpers.ts";

/** Somebody who keeps what is answered, and goes at an answer to request 0. */
class Somebody {
  readonly answers: Answer[] = [];
  readonly heard: MemberMessage[] = [];
  readonly person: Person;

  constructor(system: ActorSystem, typed: string, actor: string) {
    const name = parseChatName(typed);
    assert("keys" in name);
    const member = system.spawn<MemberMessage>(actor, (self) => (message) => {
      if (message.type === "answer" && message.request === 0) return self.stop();
      if (message.type === "answer") this.answers.push(message.answer);
      else this.heard.push(message);
    });
    this.person = {
      member,
      name,
      user: "test",
      host: "nowhere",
      realName: typed,
      isBot: false,
      isInvisible: false,
    };
  }

  async ask(owner: Ref<NamesCommand>, command: { type: "claim" } | { type: "find" }): Promise<Answer> {
    const asker = { person: this.person, request: 1 };
    owner.tell(
      command.type === "claim"
        ? { ...asker, type: "claim" }
        : { ...asker, type: "find", names: [this.person.name] },
    );
    const count = this.answers.length;
    await until(() => this.answers.length > count, "an answer");
    const answer = this.answers[count];
    assert(answer !== undefined);
    return answer;
  }
}

Deno.test("chat names: a name is one member's until that has released it or is gone, with a word or without", async () => {
  await using system = new ActorSystem("names", { world: denoWorld({ log: { level: "error" } }) });
  const owner = system.spawn("names", names());
  const [ann, bob] = ["ann", "bob"].map((actor) => new Somebody(system, "Zoë", actor));
  assert(ann !== undefined && bob !== undefined);
  const ownerOf = async () => {
    const answer = await ann.ask(owner, { type: "find" });
    return answer.type === "people" ? answer.people[0]?.person : undefined;
  };
  assertEquals((await ann.ask(owner, { type: "claim" })).type, "done");
  assertEquals((await bob.ask(owner, { type: "claim" })).type, "refused");
  assertEquals(await ownerOf(), ann.person);
  owner.tell({ type: "release", member: ann.person.member });
  assertEquals(await ownerOf(), undefined);
  assertEquals((await bob.ask(owner, { type: "claim" })).type, "done");
  bob.person.member.tell({ type: "answer", request: 0, answer: { type: "done" } });
  await until(async () => await ownerOf() === undefined, "the name is free");
  assertEquals((await ann.ask(owner, { type: "claim" })).type, "done");
});

Deno.test("chat names: who watches a name hears of each coming and going until it watches no more", async () => {
  await using system = new ActorSystem("names", { world: denoWorld({ log: { level: "error" } }) });
  const owner = system.spawn("names", names());
  const [ann, bob] = ["Ann", "Bob"].map((name) => new Somebody(system, name, name));
  assert(ann !== undefined && bob !== undefined);
  owner.tell({ type: "monitor", member: ann.person.member, name: bob.person.name, on: true });
  await bob.ask(owner, { type: "claim" });
  owner.tell({ type: "release", member: bob.person.member });
  owner.tell({ type: "monitor", member: ann.person.member, name: bob.person.name, on: false });
  await bob.ask(owner, { type: "claim" });
  await ann.ask(owner, { type: "find" });
  const seen = ann.heard.map((message) => message.type === "presence" && message.person !== undefined);
  assertEquals(seen, [true, false]);
});
