/**
 * The lease of a host: by it others know that it lives, and it knows until when it may answer.
 *
 * The time counts from before a renewal was sent, so that the host gives up before the engine does. One that
 * was frozen past its time never renews: others may own its entities already.
 *
 * @module
 */
import { onAbort } from "../runtime/on_abort.ts";
import type { Cancellable, World } from "../world/world.ts";
import type { Keys } from "./driver.ts";
import type { HostRef, JoinWaiting, Lease } from "./engine.ts";
import { Conflict, OutcomeUnknown } from "./errors.ts";
import { randomName } from "./names.ts";
import { pause } from "./pause.ts";

/** A lease is renewed this often within its time. */
const RENEWALS = 3;
/** The share of its time by which the host's clock may run slow against the engine's. */
const CLOCK_MARGIN = 0.1;

/** Writes without an answer, one after the other, until that is what is said. */
const MAX_UNKNOWN = 3;

type Machine = Pick<World, "clock" | "random">;

/** A lease on a driver's keys. */
export class HostLease implements Lease {
  readonly host: HostRef;
  readonly lost: Promise<void>;
  readonly #keys: Keys;
  readonly #world: Machine;
  readonly #over = new AbortController();
  #revision: number;
  /** When the renewal was sent that was confirmed last, by both clocks: either may stand still in a sleep. */
  #renewedAt: Moment;
  /** When the first renewal since then was sent that nobody has confirmed. */
  #unconfirmedAt: Moment | undefined;
  #timer: Cancellable | undefined;

  private constructor(keys: Keys, world: Machine, host: HostRef, revision: number, sentAt: Moment) {
    this.#keys = keys;
    this.#world = world;
    this.host = host;
    this.#revision = revision;
    this.#renewedAt = sentAt;
    this.lost = new Promise((resolve) => void onAbort(this.signal, resolve));
    this.#renewLater(sentAt.monotonic);
  }

  /** Waits until no other life of this host has a lease, and takes it. */
  static async take(
    keys: Keys,
    world: Machine,
    hostId: string,
    former?: HostRef,
    { signal, another }: JoinWaiting = {},
  ): Promise<HostLease> {
    const host: HostRef = { id: hostId, incarnation: randomName(world.random) };
    let unknown: OutcomeUnknown[] = [];
    for (;;) {
      // Why it has no lease: nobody else has it, and its own writes are not answered.
      if (signal?.aborted) throw unknown.at(-1) ?? signal.reason;
      const entry = await keys.get("hosts", hostId);
      // The write before was confirmed too late: it is this host's all the same.
      const isOurs = entry?.value === host.incarnation || entry?.value === former?.incarnation;
      if (entry === undefined || isOurs) {
        const sentAt = moment(world);
        try {
          const revision = await keys.put("hosts", hostId, host.incarnation, entry?.revision ?? 0);
          return new HostLease(keys, world, host, revision, sentAt);
        } catch (error) {
          // It may have been written all the same: that is seen next, where it was.
          if (error instanceof OutcomeUnknown) unknown.push(error);
          else if (!(error instanceof Conflict)) throw error;
          if (unknown.length >= MAX_UNKNOWN) throw error;
        }
      } else {
        unknown = [];
        another?.();
      }
      await pause(world, keys.leaseTtlMs / 10, signal);
    }
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get isValid(): boolean {
    if (this.signal.aborted) return false;
    const { monotonic, wall } = this.#renewedAt;
    const { clock } = this.#world;
    const lastsMs = this.#keys.leaseTtlMs * (1 - CLOCK_MARGIN);
    if (clock.monotonic() - monotonic < lastsMs && clock.now() - wall < lastsMs) return true;
    this.#end();
    return false;
  }

  get ageMs(): number {
    return this.#world.clock.monotonic() - this.#renewedAt.monotonic;
  }

  async release(): Promise<void> {
    if (this.signal.aborted) return;
    this.#end();
    try {
      await this.#keys.remove("hosts", this.host.id, this.#revision);
    } catch (error) {
      // It expires by itself.
      if (!(error instanceof Conflict || error instanceof OutcomeUnknown)) throw error;
    }
  }

  #end(): void {
    this.#timer?.cancel();
    this.#over.abort();
  }

  /** The next one is due so long after the last was sent: an answer that never came has taken its time. */
  #renewLater(sentAtMs: number): void {
    const { clock } = this.#world;
    const dueMs = sentAtMs + this.#keys.leaseTtlMs / RENEWALS;
    this.#timer = clock.timer(Math.max(0, dueMs - clock.monotonic()), () => {
      const sendingAtMs = clock.monotonic();
      this.#renew().then(() => {
        if (this.isValid) this.#renewLater(sendingAtMs);
      });
    });
  }

  async #renew(): Promise<void> {
    if (!this.isValid) return;
    const sentAt = moment(this.#world);
    const { id, incarnation } = this.host;
    try {
      const revision = await this.#keys.put("hosts", id, incarnation, this.#revision);
      this.#renewed(revision, sentAt);
    } catch (error) {
      this.#unconfirmedAt ??= sentAt;
      // Without an answer there is still time to try again, until there is none.
      if (error instanceof Conflict) await this.#adopt(this.#unconfirmedAt);
    }
  }

  #renewed(revision: number, sentAt: Moment): void {
    // An answer that comes after the time was up is no reason to go on.
    if (!this.isValid) return;
    this.#revision = revision;
    this.#renewedAt = sentAt;
    this.#unconfirmedAt = undefined;
  }

  /**
   * Somebody has written: a renewal of this host's that was never confirmed, or it is no longer its lease.
   */
  async #adopt(unconfirmedAt: Moment): Promise<void> {
    try {
      const entry = await this.#keys.get("hosts", this.host.id);
      if (entry?.value === this.host.incarnation && entry.revision > this.#revision) {
        // Which of them it was is not known: its time counts from the first.
        this.#renewed(entry.revision, unconfirmedAt);
      } else if (entry?.value !== this.host.incarnation) this.#end();
    } catch {
      // As above.
    }
  }
}

interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

function moment({ clock }: Machine): Moment {
  return { monotonic: clock.monotonic(), wall: clock.now() };
}
