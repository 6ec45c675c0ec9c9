/**
 * For how long a peer may keep others waiting: to shake hands, to log in, to say anything at all.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { TimerClock } from "./_shared_timers.ts";
import type { ConnectionLimits } from "./limits.ts";

/** What has become of the peer's time. */
export type SilenceEvent =
  /** The handshake took too long. */
  | "handshake-late"
  /** The login took too long. */
  | "login-late"
  /** Nothing came for `idleTimeoutMs`. */
  | "idle"
  /** Nothing came for `vanishedMs`: the peer may be gone. */
  | "silent";

/**
 * Whole messages that give a peer that has not logged in its time anew: somebody who mistypes a name is no
 * stranger yet.
 */
const MAX_LOGIN_MESSAGES = 10;

/** What the system takes so soon has kept nobody waiting. */
const MOMENT_MS = 50;

/** The longest time that timers of JavaScript take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The times of one peer, under one timer, which is never set anew for a message. */
export class Silence {
  readonly #clock: TimerClock;
  readonly #limits: ConnectionLimits;
  readonly #check: () => void;
  /** Monotonic time at which something came last. */
  heardAt: number;
  /** Monotonic time since which something waits for the peer, or last did. */
  waitsSince = 0;
  #phase: "handshake" | "login" | "served" = "served";
  /** Monotonic time at which the handshake or the login is late. */
  #phaseEndsAt = Infinity;
  #loginMessages = 0;
  #isSilent = false;
  #timer: Cancellable | undefined;
  #timerAt = Infinity;

  /** `check` is called when it is time for {@linkcode Silence.check}. */
  constructor(clock: TimerClock, limits: ConnectionLimits, check: () => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#check = check;
    this.heardAt = clock.monotonic();
  }

  /** True since `silent` was said, until something came. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** The transport begins to open. */
  beginHandshake(): void {
    this.#begin("handshake", this.#limits.handshakeTimeoutMs);
  }

  /** The peer has yet to say who it is. */
  beginLogin(): void {
    this.#begin("login", this.#limits.loginTimeoutMs);
  }

  /** The peer is served. */
  serve(): void {
    this.#phase = "served";
    this.#phaseEndsAt = Infinity;
    this.#arm();
  }

  /** A whole message came of a peer that has not logged in. */
  loginMessage(): void {
    if (this.#phase === "login" && ++this.#loginMessages < MAX_LOGIN_MESSAGES) this.beginLogin();
  }

  /** True while the peer has not logged in. */
  get isLoggingIn(): boolean {
    return this.#phase === "login";
  }

  /** Something came again from a peer that was silent. */
  heard(): void {
    this.#isSilent = false;
    this.#arm();
  }

  /** Nothing waits for the peer any more: its time begins, also where nobody has looked meanwhile. */
  sentAll(now: number): void {
    if (now - this.waitsSince > MOMENT_MS) this.heardAt = now;
  }

  /**
   * Says what is due now.
   *
   * @param isKeptWaiting the peer is not read from, or has something to read: its silence means nothing
   * @param hasEnded the peer has ended its sending half, and may well go on reading
   */
  check(isKeptWaiting: boolean, hasEnded: boolean): SilenceEvent | undefined {
    this.#timer = undefined;
    this.#timerAt = Infinity;
    // A timer may come a fraction of a millisecond early.
    const now = this.#clock.monotonic() + 1;
    if (now > this.#phaseEndsAt) return this.#phase === "handshake" ? "handshake-late" : "login-late";
    if (isKeptWaiting) this.heardAt = now;
    const silentMs = now - this.heardAt;
    const { idleTimeoutMs, vanishedMs } = this.#limits;
    if (this.#phase !== "handshake" && silentMs >= 1) {
      if (idleTimeoutMs > 0 && silentMs > idleTimeoutMs && !hasEnded) return "idle";
      if (vanishedMs > 0 && silentMs > vanishedMs && !this.#isSilent) {
        this.#isSilent = true;
        this.#arm(hasEnded);
        return "silent";
      }
    }
    this.#arm(hasEnded);
    return undefined;
  }

  /** Lets go of the timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timerAt = -Infinity;
  }

  #begin(phase: "handshake" | "login", limitMs: number): void {
    this.#phase = phase;
    this.#phaseEndsAt = limitMs > 0 ? this.#clock.monotonic() + limitMs : Infinity;
    this.#arm();
  }

  #arm(hasEnded = false): void {
    const { idleTimeoutMs, vanishedMs } = this.#limits;
    const idleAt = idleTimeoutMs > 0 && !hasEnded ? this.heardAt + idleTimeoutMs : Infinity;
    const silentAt = vanishedMs > 0 && !this.#isSilent ? this.heardAt + vanishedMs : Infinity;
    const at = Math.min(this.#phaseEndsAt, idleAt, silentAt);
    if (at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(1, at - this.#clock.monotonic()));
    this.#timer = this.#clock.timer(delayMs, this.#check);
  }
}
