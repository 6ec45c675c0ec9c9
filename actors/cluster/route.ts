/**
 * The way from this host to one entity: where it lives, and what waits until that is known.
 *
 * What one host sends to one entity arrives in order. A message carries the epoch of the claim by which the
 * sender believes the entity to live there; once one is refused, so are all behind it, and they are sent
 * anew together.
 *
 * @module
 */
import type { Cancellable, Clock } from "../world/world.ts";
import type { EntityId, Placed } from "./engine.ts";
import type { Outcome } from "./link.ts";

/** A message on its way to an entity. */
export interface Outgoing {
  readonly message: unknown;
  /** When it is given up, in monotonic milliseconds. */
  readonly expiresAtMs: number;
  /** It is carried out once, however often it is sent. */
  readonly isRepeatable: boolean;
}

/** What routes need of their host. */
export interface RouteHost {
  readonly clock: Clock;
  /** Has the entity brought to life where it does not live, and says where it does. */
  locate(entity: EntityId): Promise<Placed>;
  /** Sends a message there, and says what became of it; at once where it is this host. */
  forward(entity: EntityId, placed: Placed, message: unknown, settled: (outcome: Outcome) => void): void;
  /** A message that no host took in time; `error` says why. */
  undelivered(entity: EntityId, message: unknown, error: unknown): void;
  /** A message that cannot be sent to another host: it is too large, say. */
  unsendable(entity: EntityId, message: unknown, error: unknown): void;
  /** Nobody will bring the entity to life that could not be located, as far as this host can wait. */
  isHopeless(entity: EntityId, failure: unknown): boolean;
  /** Whether a message is still to be delivered: a question that is over is nobody's. */
  isWanted(message: unknown): boolean;
  /** A message is sent anew. */
  rerouted(): void;
}

const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 250;
const SENDER_LEFT = "its sender has left the cluster";
/** Messages that may wait until it is known where the entity lives. */
const MAX_WAITING = 10_000;

/** Sends to one entity. */
export class Route {
  readonly #host: RouteHost;
  readonly #entity: EntityId;
  #placed: Placed | undefined;
  #waiting: Outgoing[] = [];
  /** With the place of each among all that were sent: answers come in any order. */
  #refused: { readonly place: number; readonly outgoing: Outgoing }[] = [];
  #sent = 0;
  #underWay = 0;
  #failures = 0;
  #isLocating = false;
  #pause: Cancellable | undefined;
  #isOver = false;
  /** Told when a try to locate the entity has ended. */
  #tried: (() => void)[] = [];
  /** Told when nothing waits, and nothing is under way. */
  #idle: (() => void)[] = [];
  #usedAtMs: number;

  constructor(host: RouteHost, entity: EntityId) {
    this.#host = host;
    this.#entity = entity;
    this.#usedAtMs = host.clock.monotonic();
  }

  /** Nothing waits, and nothing is under way. */
  get isIdle(): boolean {
    return this.#waiting.length === 0 && !this.#isLocating && this.#underWay === 0;
  }

  /** Resolves once the try to locate the entity that is under way, if one is, has come to something. */
  tried(): Promise<void> {
    if (!this.#isLocating || this.#pause !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#tried.push(resolve));
  }

  /** Resolves once nothing waits, and nothing is under way. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #settle(): void {
    if (this.#idle.length > 0 && this.isIdle) { for (const resolve of this.#idle.splice(0)) resolve(); }
  }

  /** When something was sent last, in monotonic milliseconds. */
  get usedAtMs(): number {
    return this.#usedAtMs;
  }

  /** Throws `RangeError` when too many wait. */
  send(outgoing: Outgoing): void {
    if (this.#isOver) throw new TypeError("Cannot send: the host has left the cluster");
    this.#usedAtMs = this.#host.clock.monotonic();
    const placed = this.#placed;
    if (placed !== undefined && this.#waiting.length === 0) return this.#forward(placed, outgoing);
    if (this.#waiting.length >= MAX_WAITING) {
      throw new RangeError(
        `Cannot send to ${this.#entity.type}/${this.#entity.id}: ${MAX_WAITING} messages wait`,
      );
    }
    this.#waiting.push(outgoing);
    // What is under way may be refused yet, and then goes first.
    if (placed === undefined && this.#underWay === 0) this.#locateSoon(0);
  }

  #forward(placed: Placed, outgoing: Outgoing): void {
    this.#underWay++;
    const place = ++this.#sent;
    const settled = (outcome: Outcome) => {
      this.#underWay--;
      if (outcome === "taken") this.#failures = 0;
      else if (outcome === "refused" || outgoing.isRepeatable) this.#refused.push({ place, outgoing });
      // Whether it was carried out nobody knows: once more could be twice.
      if (outcome !== "taken") this.#placed = undefined;
      if (this.#placed === undefined && this.#underWay === 0) this.#again();
      this.#settle();
    };
    try {
      this.#host.forward(this.#entity, placed, outgoing.message, settled);
    } catch (error) {
      this.#underWay--;
      this.#host.unsendable(this.#entity, outgoing.message, error);
    }
  }

  /** Nothing is under way: what was refused goes before what waits. */
  #again(): void {
    if (this.#isOver) return this.#giveUp(new Error(SENDER_LEFT));
    const refused = this.#refused.splice(0).sort((left, right) => left.place - right.place);
    this.#waiting.unshift(...refused.map(({ outgoing }) => outgoing));
    for (const _ of refused) this.#host.rerouted();
    if (this.#waiting.length === 0) return;
    // The first time the entity has just moved; after that its host may be gone, and its lease has to expire.
    const pauseMs = this.#failures === 0
      ? 0
      : Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), MAX_PAUSE_MS);
    this.#failures++;
    this.#locateSoon(pauseMs);
  }

  #locateSoon(pauseMs: number): void {
    if (this.#isLocating || this.#isOver) return;
    this.#isLocating = true;
    if (pauseMs === 0) return void this.#locate();
    this.#pause = this.#host.clock.timer(pauseMs, () => {
      this.#pause = undefined;
      this.#locate();
    });
  }

  /** Gives up what waits: the host leaves. */
  dispose(): void {
    this.#isOver = true;
    this.#pause?.cancel();
    this.#giveUp(new Error(SENDER_LEFT));
    this.#isLocating = false;
    this.#settle();
  }

  /** What was refused has not been carried out either. */
  #giveUp(error: unknown): void {
    const left = [...this.#refused.splice(0).map(({ outgoing }) => outgoing), ...this.#waiting.splice(0)];
    for (const { message } of left) this.#host.undelivered(this.#entity, message, error);
  }

  async #locate(): Promise<void> {
    let failure: unknown;
    try {
      this.#expire(new Error("its host is gone, and no other could take it over in time"));
      if (this.#waiting.length > 0) this.#placed = await this.#host.locate(this.#entity);
    } catch (error) {
      failure = error;
    }
    this.#isLocating = false;
    if (failure === undefined) this.#flush();
    else {
      if (this.#host.isHopeless(this.#entity, failure)) this.#giveUp(failure);
      this.#expire(failure);
      this.#again();
    }
    for (const resolve of this.#tried.splice(0)) resolve();
    this.#settle();
  }

  #flush(): void {
    for (let placed = this.#placed; placed !== undefined; placed = this.#placed) {
      const outgoing = this.#waiting.shift();
      if (outgoing === undefined) return;
      this.#forward(placed, outgoing);
    }
  }

  #expire(error: unknown): void {
    const now = this.#host.clock.monotonic();
    const isLate = ({ expiresAtMs, message }: Outgoing) =>
      expiresAtMs <= now || !this.#host.isWanted(message);
    if (!this.#waiting.some(isLate)) return;
    const late = this.#waiting.filter(isLate);
    this.#waiting = this.#waiting.filter((outgoing) => !isLate(outgoing));
    for (const { message } of late) this.#host.undelivered(this.#entity, message, error);
  }
}
