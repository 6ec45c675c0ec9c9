/**
 * A campaign that finds a planted bug, to try the page of a replayed run with: a bank takes in what two
 * people pay, and whoever pays nothing makes it forget all that it holds.
 *
 * @module
 */
import { dialer, lineServer } from "../../../actors/net/mod.ts";
import type { SimWorld } from "../../../actors/world/sim/mod.ts";
import { ActorSystem, type Behavior, type Ref, restart, withPrivateMessages } from "../../../mod.ts";
import { lineFrames } from "../../../protocols/frames.ts";

const PORT = 7000;
const PEOPLE = ["ada", "ben"];
const PAYMENTS = 10;
const PAY_EVERY_MS = 100;
const RECONNECT = { minMs: 10, maxMs: 100, jitter: 0.2 };

/** Tells an account of a payment, and is told what it holds then. */
interface Payment {
  readonly type: "payment";
  readonly amount: number;
  readonly replyTo: Ref<Receipt>;
}

interface Receipt {
  readonly type: "receipt";
  readonly balance: number;
}

/** What is held. */
const account: Behavior<Payment> = () => {
  let balance = 0;
  return ({ amount, replyTo }) => {
    // The planted bug: what is held ends with this life.
    if (amount === 0) throw new RangeError("Cannot take in nothing");
    balance += amount;
    replyTo.tell({ type: "receipt", balance });
  };
};

/** A line with an amount is a payment, answered with what is held then. */
function bank(accountRef: Ref<Payment>): Behavior<never> {
  return (self) => {
    const server = lineServer<Receipt>({ address: { hostname: "::", port: PORT } }, (connection) => ({
      frame: (line: string) =>
        accountRef.tell({ type: "payment", amount: Number(line), replyTo: connection.self }),
      message: ({ balance }) => connection.sendText(`${balance}\n`),
    }));
    self.spawn("server", server);
    return () => {};
  };
}

type PayerMessage = { readonly type: "pay" } | { readonly type: "connected"; readonly line: Ref<number> };

/** Pays again and again, and tells of what was acknowledged. */
function payer(acknowledged: (amount: number) => void): Behavior<never> {
  return withPrivateMessages<never, PayerMessage>((self) => {
    let line: Ref<number> | undefined;
    let left = PAYMENTS;
    self.spawn(
      "line",
      dialer<string, number>({
        address: { hostname: "bank", port: PORT },
        frames: () => lineFrames(),
        session(connection) {
          let paid = 0;
          return {
            message: (amount) => connection.sendText(`${paid = amount}\n`),
            frame: () => acknowledged(paid),
          };
        },
        reconnect: RECONNECT,
        up: ({ connection }) => self.self.tell({ type: "connected", line: connection }),
      }),
    );
    self.every(PAY_EVERY_MS, { type: "pay" });
    return (message) => {
      if (message.type === "connected") line = message.line;
      else if (line !== undefined && left-- > 0) line.tell(Math.floor(self.world.random.next() * 10));
    };
  });
}

export const savings = {
  name: "bank with a planted bug",
  async run(sim: SimWorld): Promise<void> {
    let paid = 0;
    let held = (): Promise<Receipt> => Promise.reject(new Error("The bank has not started"));
    sim.host("bank", { logLevel: "info" }).start((world) => {
      const system = new ActorSystem("bank", { world });
      const onFailure = restart({ limit: 100, withinMs: 60_000 });
      const ref = system.spawn("account", account, { onFailure });
      system.spawn("door", bank(ref));
      held = () => ref.ask({ type: "payment", amount: 1 }, { timeoutMs: 1000 });
    });
    for (const name of PEOPLE) {
      sim.host(name, { logLevel: "info" }).start((world) => {
        const system = new ActorSystem("person", { world });
        system.spawn("payer", payer((amount) => paid += amount));
      });
    }
    await sim.advance((PAYMENTS + 5) * PAY_EVERY_MS);
    const { balance } = await sim.settle(held());
    if (balance !== paid + 1) {
      throw new Error(`Cannot pass: ${paid} were acknowledged, and the account holds ${balance - 1}`);
    }
  },
};
