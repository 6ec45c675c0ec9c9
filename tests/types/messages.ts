// What must not compile, and what must. Checked by types_test.ts, never run.
import type { Behavior, Context, Ref, RegistryKey, Topic } from "../../mod.ts";

type CounterCommand =
  | { readonly type: "add"; readonly by: number }
  | { readonly type: "get"; readonly replyTo: Ref<number> };

type Tick = { readonly type: "tick" };

declare const counter: Ref<CounterCommand>;
declare const behavior: Behavior<CounterCommand>;
declare const context: Context<CounterCommand>;
declare const inside: Context<CounterCommand | Tick>;

// A right message is taken.
counter.tell({ type: "add", by: 2 });
await counter.offer({ type: "add", by: 2 });

// @ts-expect-error A message of a type that the actor does not know.
counter.tell({ type: "subtract", by: 2 });
// @ts-expect-error A message with a field of the wrong type.
counter.tell({ type: "add", by: "2" });
// @ts-expect-error A message with a field missing.
counter.tell({ type: "add" });
// @ts-expect-error A message with a field too many.
counter.tell({ type: "add", by: 2, twice: true });
// @ts-expect-error The same for offer.
await counter.offer({ type: "subtract", by: 2 });

// The type of the reply follows from the message.
const inferred: number = await counter.ask({ type: "get" }, { timeoutMs: 1000 });
// @ts-expect-error A reply of the wrong type.
const inferredText: string = await counter.ask({ type: "get" }, { timeoutMs: 1000 });
// @ts-expect-error A message that carries no reply address is no question.
await counter.ask({ type: "add", by: 2 }, { timeoutMs: 1000 });
// @ts-expect-error A question with a field too many.
await counter.ask({ type: "get", twice: true }, { timeoutMs: 1000 });
const count: number = await counter.ask<number>((replyTo) => ({ type: "get", replyTo }), { timeoutMs: 1000 });
const untold = await counter.ask((replyTo: Ref<number>) => ({ type: "get", replyTo }), { timeoutMs: 1000 });
const told: number = untold;
// @ts-expect-error A reply of the wrong type.
const text: string = await counter.ask<number>((replyTo) => ({ type: "get", replyTo }), { timeoutMs: 1000 });
// @ts-expect-error A reply address that takes something else.
await counter.ask<string>((replyTo) => ({ type: "get", replyTo }), { timeoutMs: 1000 });
// @ts-expect-error The time or the signal cannot be left out.
await counter.ask<number>((replyTo) => ({ type: "get", replyTo }));
// Both can be given.
await counter.ask<number>((replyTo) => ({ type: "get", replyTo }), { timeoutMs: 1, signal: context.signal });

// An actor takes its private messages itself, and shows others a narrower reference.
inside.self.tell({ type: "tick" });
inside.after(1000, { type: "tick" });
const outside: Ref<CounterCommand> = inside.self;
// @ts-expect-error A private message sent from outside.
outside.tell({ type: "tick" });
// @ts-expect-error A narrow reference is not a wide one.
const wide: Ref<CounterCommand | Tick> = outside;

// What is spawned has the type of its behaviour.
const child: Ref<CounterCommand> = context.spawn("child", behavior);
// @ts-expect-error A reference to something else.
const other: Ref<string> = context.spawn("child", behavior);

// Timers, watches and outcomes of promises come back as messages that the actor handles.
context.watch(child, () => ({ type: "add", by: 1 }));
context.pipe(Promise.resolve(1), (by) => ({ type: "add", by }), () => ({ type: "add", by: 0 }));
// @ts-expect-error A timer with a message that the actor does not know.
context.after(1000, { type: "tick" });
// @ts-expect-error A watch with such a message.
context.watch(child, () => ({ type: "tick" }));
// @ts-expect-error An outcome that makes a field of the wrong type.
context.pipe(Promise.resolve("1"), (by) => ({ type: "add", by }), () => ({ type: "add", by: 0 }));

// Topics and registry keys carry the type of their messages.
declare const prices: Topic<number>;
declare const counters: RegistryKey<CounterCommand>;
context.publish(prices, 1);
context.subscribe(prices, (by) => ({ type: "add", by }));
// @ts-expect-error Something else on a topic.
context.publish(prices, "1");
// @ts-expect-error A subscriber that takes something else.
context.subscribe(prices, (by: string) => ({ type: "add", by: Number(by) }));
// @ts-expect-error A key of counters does not lead to texts.
inside.watchKey(counters, (_ref: Ref<string> | undefined) => ({ type: "tick" }));

export { count, inferred, inferredText, other, text, told, wide };
