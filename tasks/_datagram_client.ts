/**
 * What the clients on UDP have in common.
 *
 * @module
 */
import {
  datagramClient,
  type DatagramClientCommand,
  type DatagramOutcome,
  formatAddress,
} from "../actors/net/mod.ts";
import type { SocketAddress, World } from "../actors/world/world.ts";
import { ActorStopped, ActorSystem, escalate, type Ref } from "../mod.ts";
import { visibleText } from "../protocols/visible_text.ts";
import { type Flag, integer, port, text } from "./_cli.ts";
import { say } from "./_stdio.ts";

/** Flags of a client on UDP. */
export type DatagramClientFlags = {
  readonly host: Flag<string>;
  readonly port: Flag<number>;
  readonly retryMs: Flag<number>;
};

/** `--host`, `--port`, `--retry-ms`. */
export function datagramClientFlags(defaults: { readonly port: number }): DatagramClientFlags {
  return {
    host: text({ help: "Server's name or address", value: "HOST", default: "localhost" }),
    port: port({ help: "Server's port", default: defaults.port }),
    retryMs: integer({
      help: "Milliseconds to wait before asking again, three times",
      min: 1,
      default: 1000,
      value: "MS",
    }),
  };
}

/** How often a question is asked again. */
const RETRIES = 3;

/** A client that prints what it is answered. */
export class DatagramAsker implements AsyncDisposable {
  readonly #system: ActorSystem;
  readonly #client: Ref<DatagramClientCommand>;
  readonly #limitMs: number;

  constructor(world: World, options: { readonly server: SocketAddress; readonly retryMs: number }) {
    this.#system = new ActorSystem("client", { world });
    this.#client = this.#system.spawn("client", datagramClient({ ...options, retries: RETRIES }), {
      onFailure: escalate(),
    });
    this.#limitMs = options.retryMs * (RETRIES + 2) + 10_000;
  }

  /** Asks, and prints the answer on stdout, or on stderr that none came. Says whether one did. */
  async ask(question: string, answers?: (text: string) => boolean): Promise<boolean> {
    const outcome = await this.#client.ask<DatagramOutcome>(
      (replyTo) => ({ type: "ask", text: question, replyTo, ...(answers === undefined ? {} : { answers }) }),
      { timeoutMs: this.#limitMs },
    ).catch(async (error: unknown) => {
      // A client that could not even start says why.
      if (error instanceof ActorStopped) await this.#system.terminated;
      throw error;
    });
    if (outcome.type === "answered") {
      const { text, from } = outcome;
      say(`Client received MESSAGE= ${visibleText(text)} from ADDR= ${formatAddress(from)}`);
      return true;
    }
    console.error(
      `No answer from ${outcome.servers.map(formatAddress).join(" or ")}, asked ${outcome.attempts} times`,
    );
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#system.stop();
  }
}
