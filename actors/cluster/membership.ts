/**
 * A host's place in the cluster: joined, lost, joined again.
 *
 * @module
 */
import { errorText, type World } from "../world/world.ts";
import type { HostRef, Lease, Placement } from "./engine.ts";
import { pause } from "./pause.ts";
import { withCause } from "./repeated_warnings.ts";

/** What membership needs of its host. */
export interface MembershipHost {
  readonly world: Pick<World, "clock">;
  /** A lease was taken: resolves once the host can be reached. */
  joined(lease: Lease): Promise<AsyncDisposable>;
  /** It is lost, or was given up. */
  left(): void;
  warn(message: string, error?: unknown): void;
}

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;

/** Keeps a host in the cluster. */
export class Membership {
  readonly #placement: Pick<Placement, "join" | "leaseTtlMs">;
  readonly #host: MembershipHost;
  readonly #hostId: string;
  #lease: Lease | undefined;
  #serving: AsyncDisposable | undefined;
  #joining: Promise<void> | undefined;
  readonly #leaving = new AbortController();

  constructor(placement: Pick<Placement, "join" | "leaseTtlMs">, hostId: string, host: MembershipHost) {
    this.#placement = placement;
    this.#hostId = hostId;
    this.#host = host;
  }

  /** The lease that the host has; undefined between two. */
  get lease(): Lease | undefined {
    return this.#lease?.isValid ? this.#lease : undefined;
  }

  /**
   * Resolves once the host has joined. From then on it joins again by itself. Rejects when the engine does
   * not answer, or when `late` is aborted before.
   */
  async join(late?: AbortSignal): Promise<void> {
    const signal = late === undefined ? this.#leaving.signal : AbortSignal.any([this.#leaving.signal, late]);
    const former = this.#lease?.host;
    const lease = await this.#take(former, signal);
    try {
      signal.throwIfAborted();
      this.#serving = await this.#host.joined(lease);
    } catch (error) {
      // It may have been asked to bring entities to life already.
      this.#host.left();
      await lease.release();
      throw error;
    }
    this.#lease = lease;
    lease.lost.then(() => this.#joining = this.#lost());
  }

  /** Takes the lease. Who waits for another one's to expire is told when that lives. */
  async #take(former: HostRef | undefined, signal: AbortSignal): Promise<Lease> {
    const { clock } = this.#host.world;
    const saidAtMs = clock.monotonic() + 2 * this.#placement.leaseTtlMs;
    let isSaid = false;
    const another = () => {
      if (isSaid || clock.monotonic() < saidAtMs) return;
      isSaid = true;
      this.#host.warn(`Cannot join the cluster yet: another host is called ${this.#hostId}, and lives`);
    };
    return await this.#placement.join(this.#hostId, former, { signal, another });
  }

  /** Gives the lease up, also one that is just being taken. */
  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.#joining;
    await this.#lease?.release();
    await this.#stopServing();
  }

  async #lost(): Promise<void> {
    this.#host.left();
    const { signal } = this.#leaving;
    if (signal.aborted) return;
    await this.#stopServing();
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      try {
        return await this.join();
      } catch (error) {
        if (signal.aborted) return;
        this.#host.warn(`Cannot join the cluster again: ${withCause(error)}`, error);
      }
      await pause(this.#host.world, pauseMs, signal);
    }
  }

  async #stopServing(): Promise<void> {
    const serving = this.#serving;
    this.#serving = undefined;
    try {
      await serving?.[Symbol.asyncDispose]();
    } catch (error) {
      this.#host.warn(`Cannot take an address back: ${errorText(error)}`, error);
    }
  }
}
