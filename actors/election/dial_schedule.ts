/**
 * When a node is dialled again. Pure.
 *
 * @module
 */

/** Between two attempts to dial. */
const RETRY_MS = { first: 50, most: 400 };
/** After the other side has said that it does not take this node, or when another node is at the address. */
const REFUSED_RETRY_MS = 2000;

/** The attempts to dial one node: one at a time, and further apart the more of them fail. */
export class DialSchedule {
  /** Between two attempts at least. */
  static readonly shortestMs = RETRY_MS.first;
  isDialling = false;
  #failures = 0;
  #notBeforeMs = 0;
  #dialledMs = -Infinity;

  mayDial(nowMs: number): boolean {
    return !this.isDialling && nowMs >= this.#notBeforeMs;
  }

  begin(nowMs: number): void {
    this.isDialling = true;
    this.#dialledMs = nowMs;
  }

  /** There is a new reason to dial: at once, but for what a stranger could make it do. */
  hasten(nowMs: number): void {
    this.#failures = 0;
    this.#notBeforeMs = Math.min(this.#notBeforeMs, Math.max(nowMs, this.#dialledMs + RETRY_MS.first));
  }

  /** What was there was lost, and whether anybody still listens there is worth knowing at once. */
  now(nowMs: number): void {
    this.#failures = 0;
    this.#notBeforeMs = nowMs;
  }

  /** Gives the milliseconds to wait. */
  later(nowMs: number): number {
    const waitMs = Math.min(RETRY_MS.first * 2 ** this.#failures++, RETRY_MS.most);
    this.#notBeforeMs = nowMs + waitMs;
    return waitMs;
  }

  muchLater(nowMs: number): void {
    this.#notBeforeMs = nowMs + REFUSED_RETRY_MS;
  }
}
