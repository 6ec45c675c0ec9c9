// What must not compile, and what must. Checked by types_test.ts, never run.
import {
  type ActorSystem,
  assertNever,
  type Behavior,
  childSpec,
  type Context,
  type Ref,
  type Registry,
  registryKey,
  restart,
  supervisor,
  topic,
  withPrivateMessages,
} from "../../mod.ts";

type Public = { readonly type: "add"; readonly by: number } | {
  readonly type: "get";
  readonly replyTo: Ref<number>;
};
type Private = { readonly type: "tick" };

declare const system: ActorSystem;
declare const registry: Registry;
declare const self: Context<Public>;
declare const wide: Ref<Public | Private>;
declare const narrow: Ref<Public>;
declare const anything: Ref<unknown>;

// Ref is contravariant: who takes more may be held by those who send less, and not the other way round.
const asPublic: Ref<Public> = wide;
const asPrivate: Ref<Private> = wide;
const asAnything: Ref<Public> = anything;
const asNobody: Ref<never> = narrow;
// @ts-expect-error Who takes less cannot stand for who takes more.
const asWide: Ref<Public | Private> = narrow;
// @ts-expect-error Nor for who takes anything.
const asUnknown: Ref<unknown> = narrow;
// @ts-expect-error Nothing can be sent through a reference that takes never.
asNobody.tell({ type: "add", by: 1 });

// Private messages are hidden from those who spawn, and known inside.
declare const behavior: Behavior<Public | Private>;
const hidden = system.spawn("hidden", withPrivateMessages<Public, Private>(behavior));
hidden.tell({ type: "add", by: 1 });
// @ts-expect-error A private message sent from outside.
hidden.tell({ type: "tick" });
// @ts-expect-error A behaviour of fewer messages is none of more.
withPrivateMessages<Public | { readonly type: "unknown" }, Private>(behavior);

// A behaviour handles the messages of its type.
const counting: Behavior<Public> = () => (message) => {
  switch (message.type) {
    case "add":
      return;
    case "get":
      // @ts-expect-error A reply of the wrong type.
      return message.replyTo.tell("1");
    default:
      assertNever(message);
  }
};
const forgetful: Behavior<Public> = () => (message) => {
  switch (message.type) {
    case "add":
      return;
    default:
      // @ts-expect-error A message without a case.
      assertNever(message);
  }
};
// @ts-expect-error A handler of something else.
const wrong: Behavior<Public> = () => (message: Private) => void message;
// @ts-expect-error A behaviour that returns no handler.
const none: Behavior<Public> = () => {};
// @ts-expect-error A handler that returns something.
const answering: Behavior<number> = () => (message) => message;

// An ask names a time or a signal, and a reply that the message can carry.
// @ts-expect-error No time and no signal.
await narrow.ask<number>((replyTo) => ({ type: "get", replyTo }), {});
// @ts-expect-error A time that is no number.
await narrow.ask<number>((replyTo) => ({ type: "get", replyTo }), { timeoutMs: "1 s" });
// @ts-expect-error A question that carries no message.
await narrow.ask<number>((replyTo) => replyTo, { timeoutMs: 1 });

// Timers, stash and become take the actor's own messages.
self.every(1, { type: "add", by: 1 });
// @ts-expect-error Another message.
self.every(1, { type: "tick" });
// @ts-expect-error Another message.
self.receiveTimeout(1, { type: "tick" });
// @ts-expect-error Another message.
self.stash.push({ type: "tick" });
// @ts-expect-error A handler of something else.
self.become((message: Private) => void message);
self.become((message: unknown) => void message);

// Keys and topics carry their type both ways.
const key = registryKey<Public>("public");
const wideKey = registryKey<Public | Private>("wide");
registry.register(key, narrow);
registry.register(key, wide);
// @ts-expect-error An actor that takes less than the key says.
registry.register(wideKey, narrow);
const found: Ref<Public> | undefined = registry.find(key);
// @ts-expect-error A key of something else leads to no such reference.
const foundWide: Ref<Public | Private> | undefined = registry.find(key);
// @ts-expect-error Nor may one key stand for another.
const otherKey: typeof key = wideKey;
const news = topic<Public>("news");
const wideNews = topic<Public | Private>("wide");
system.publish(news, { type: "add", by: 1 });
// @ts-expect-error Another message.
system.publish(news, { type: "tick" });
// @ts-expect-error A subscriber that takes less than is published.
system.subscribe(wideNews, (message: Public) => void message);
// @ts-expect-error Nor may one topic stand for another.
const otherNews: typeof news = wideNews;

// Policies are named, and nothing else.
system.spawn("a", counting, { onFailure: restart({ limit: 1 }), mailbox: { capacity: 1 }, shutdownMs: 1 });
// @ts-expect-error A policy that is none.
system.spawn("a", counting, { onFailure: "restart" });
// @ts-expect-error An overflow that is none.
system.spawn("a", counting, { mailbox: { capacity: 1, overflow: "block" } });
// @ts-expect-error A predicate of other messages.
system.spawn("a", counting, { mailbox: { isUrgent: (message: Private) => message.type === "tick" } });
system.spawn("a", counting, { mailbox: { isUrgent: (message) => message.type === "get" } });
// @ts-expect-error A strategy that is none.
self.supervise("one-for-two");
supervisor("rest-for-one", [childSpec("a", counting)]);
// @ts-expect-error A child that is no spec.
supervisor("rest-for-one", [counting]);

// A supervisor, and whoever handles nothing, can be told nothing.
const group = system.spawn("group", supervisor("one-for-one", []));
// @ts-expect-error A message to a supervisor.
group.tell({ type: "add", by: 1 });

export {
  answering,
  asAnything,
  asPrivate,
  asPublic,
  asUnknown,
  asWide,
  forgetful,
  found,
  foundWide,
  none,
  otherKey,
  otherNews,
  wrong,
};
