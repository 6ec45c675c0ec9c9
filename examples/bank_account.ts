/**
 * A bank account that is what happened to it: two hosts share it, the money moves once however often the
 * order is sent, and the balance is there after one of the hosts has gone.
 *
 *     deno run examples/bank_account.ts
 *
 * @module
 */
import { ActorSystem, type Ref } from "@troupe/actors";
import { type Decision, joinCluster, memoryEngine, persistent, reply } from "@troupe/actors/cluster";

/** What an account can be told. */
export type AccountCommand =
  | { type: "deposit"; cents: number; operationId: string; replyTo: Ref<string> }
  | { type: "withdraw"; cents: number; operationId: string; replyTo: Ref<string> }
  | { type: "balance"; replyTo: Ref<number> };

/** What can happen to it. */
export type AccountEvent = { type: "deposited" | "withdrawn"; cents: number };

/** Accounts: their state is the balance, in cents. */
export const account = persistent({
  type: "account",
  initial: () => 0,
  decide: (balance: number, command: AccountCommand): Decision<AccountEvent> => {
    switch (command.type) {
      case "balance":
        return { replies: [reply(command.replyTo, balance)] };
      case "deposit":
        return {
          events: [{ type: "deposited", cents: command.cents }],
          replies: [reply(command.replyTo, `${command.cents} in`)],
        };
      case "withdraw":
        if (command.cents > balance) return { replies: [reply(command.replyTo, "not enough")] };
        return {
          events: [{ type: "withdrawn", cents: command.cents }],
          replies: [reply(command.replyTo, `${command.cents} out`)],
        };
    }
  },
  evolve: (balance, { type, cents }: AccountEvent) =>
    type === "deposited" ? balance + cents : balance - cents,
});

if (import.meta.main) {
  const limit = { timeoutMs: 10_000 };
  await using system = new ActorSystem("bank");
  // In a file: sqliteEngine({ file, world: system.world }); on many machines: natsEngine({ servers, … }).
  await using engine = memoryEngine({ world: system.world });
  const branch = await joinCluster(system, { engine, types: [account], hostId: "branch" });

  const otherSystem = new ActorSystem("bank-2");
  await using other = await joinCluster(otherSystem, { engine, types: [account], hostId: "other" });
  const mine = other.ref(account, "DE89 3704");

  console.log(await mine.ask({ type: "deposit", cents: 500, operationId: "salary" }, limit));
  // Sent twice, done once.
  console.log(await mine.ask({ type: "deposit", cents: 500, operationId: "salary" }, limit));
  console.log(await mine.ask({ type: "withdraw", cents: 700, operationId: "rent" }, limit));
  console.log(await mine.ask({ type: "withdraw", cents: 200, operationId: "food" }, limit));

  await branch.leave(); // whoever had the account: it lives at the other now, if it did not before
  console.log(`balance ${await mine.ask({ type: "balance" }, limit)}`);
  await other.leave();
  await otherSystem.stop();
}
