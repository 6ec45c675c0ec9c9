/**
 * What a node says to people of its elections, and writes in its trace.
 *
 * @module
 */
import type { ChangeAction, ElectionRole } from "../../protocols/election.ts";
import type { ActorLog, Context, Meter, Ref } from "../runtime/mod.ts";
import { PacedLines } from "./paced_lines.ts";
import type { Transition } from "./trace_file.ts";

/** Whether a role is a leader's. */
export function isLeading(role: ChangeAction["from"]): boolean {
  return role === "leader" || role === "plain-leader";
}

/** Names each leader once, and its loss. Of whom this node follows it says no more than people can read. */
export class ElectionLog {
  readonly #id: number;
  readonly #log: ActorLog;
  readonly #meter: Meter;
  readonly #trace: Ref<Transition> | undefined;
  readonly #lines: PacedLines;
  /** The role that was traced last. */
  #traced: ElectionRole = "looking";
  /** The leader that was named last; 0 when its loss was. */
  #named = 0;

  constructor(
    id: number,
    { log, meter, world }: Pick<Context<never>, "log" | "meter" | "world">,
    trace: Ref<Transition> | undefined,
  ) {
    this.#id = id;
    this.#log = log;
    this.#meter = meter;
    this.#trace = trace;
    this.#lines = new PacedLines(world.clock);
  }

  /** A lease, or the damping of those who depose it, paces what this node itself leads. */
  change(change: ChangeAction): void {
    const { from, to, term, leader, why } = change;
    this.#meter.counter("troupe.election.changes", {
      unit: "{change}",
      description: "Changes of role, leader or term that a node saw.",
      attributes: { "troupe.node": String(this.#id), "troupe.role": to },
    }).add(1);
    this.#log.debug(`Node ${this.#id} is ${to} in term ${term}: ${why}`, {
      event: "role-changed",
      term,
      from,
      to,
      leader,
    });
    const isOwn = isLeading(from) || isLeading(to) || from === "forgotten";
    if (isOwn) this.#lines.clear();
    if (isOwn) this.#say(change);
    else this.#lines.say(() => this.#say(change));
  }

  /** To be called now and then: says what was left. */
  flush(): void {
    this.#lines.flush();
  }

  #say({ from, to, term, leader, why }: ChangeAction): void {
    const id = this.#id;
    // Where transitions were left out, this one is told from the last that was not.
    const traced = from === "forgotten" ? from : this.#traced;
    this.#traced = to;
    this.#trace?.tell({ node: id, term, from: traced, to, leader, why });
    const leads = isLeading(to);
    if (isLeading(from) && !leads) {
      this.#log.warn(`Leader Node ${id} steps down: ${why}`, { event: "leader-steps-down", term });
      this.#named = 0;
    } else if (to === "looking" && (from === "follower" || from === "plain-follower")) {
      this.#log.info(`Node ${id} follows Node ${this.#named} no more: ${why}`, { event: "leader-lost" });
      this.#named = 0;
    }
    if (leader === 0 || leader === this.#named) return;
    this.#named = leader;
    this.#log.plain(`Leader elected: Node ${leader}`, { event: "leader-elected", leader, term });
    if (leads) {
      this.#log.plain(`Leader Node ${id} remains connected to all peers.`, {
        event: "leader-connected",
        term,
      });
    }
  }
}
