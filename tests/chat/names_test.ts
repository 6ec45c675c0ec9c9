import { assert, assertEquals } from "@std/assert";
import type { MemberMessage } from "../../actors/chat/messages.ts";
import { names } from "../../actors/chat/names.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { parseChatName } from "../../protocols/chat_names.ts";
import { until } from "../_helpers.ts";

Deno.test("chat names: a name is one member's until that has released it or is gone, with a word or without", async () => {
  await using system = new ActorSystem("names", { world: denoWorld({ log: { level: "error" } }) });
  const owner = system.spawn("names", names());
  const [ann, bob] = ["ann", "bob"].map((name) =>
    system.spawn<MemberMessage>(name, (self) => () => self.stop())
  );
  const name = parseChatName("Zoë");
  assert(ann !== undefined && bob !== undefined && "keys" in name);
  const claim = (member: Ref<MemberMessage>) =>
    owner.ask<boolean>((replyTo) => ({ type: "claim", name, member, replyTo }), { timeoutMs: 15_000 });
  const find = () =>
    owner.ask<Ref<MemberMessage> | undefined>((replyTo) => ({ type: "find", name, replyTo }), {
      timeoutMs: 15_000,
    });
  assertEquals([await claim(ann), await claim(bob), await find()], [true, false, ann]);
  owner.tell({ type: "release", member: ann });
  assertEquals([await find(), await claim(bob)], [undefined, true]);
  bob.tell({ type: "passed-on", length: 0 });
  await until(async () => await find() === undefined, "the name is free");
  assertEquals(await claim(ann), true);
});
