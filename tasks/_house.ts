/**
 * Many services under one root actor.
 *
 * @module
 */
import {
  type Behavior,
  childSpec,
  type Context,
  errorText,
  escalate,
  type Ref,
  restart,
  type SpawnOptions,
  stop,
  type StopReason,
  supervisor,
} from "../mod.ts";

/** One service of a house: made by {@linkcode resident}. */
export interface Resident {
  readonly name: string;
  /** Starts the service under a supervisor of its own. */
  readonly start: (self: Context<HouseEvent>, options: SpawnOptions) => Ref<never>;
  /** The line for a failure, where the error's own text is not the promised one. */
  readonly explain: (error: unknown) => string | undefined;
}

/** What a house is told of its services. */
type HouseEvent =
  /** It listens, or has given up before it did. */
  | { readonly type: "settled"; readonly service: Resident; readonly runs: boolean }
  | { readonly type: "ended"; readonly service: Resident; readonly reason: StopReason };

/** Options of {@linkcode house}. */
export interface HouseOptions {
  /** One service that cannot run ends them all. @default false */
  readonly strict?: boolean;
  /** Services that could not even be made: they count among those that do not run. @default [] */
  readonly refused?: readonly string[];
  /** Milliseconds that a stop may take. */
  readonly drainMs: number;
  /** Told how many run, once each has been started or has not been able to. */
  readonly settled?: (running: number) => void;
}

/**
 * A service that fails is started again so often before it is given up. Its port may be free again in a
 * moment.
 */
const RESTART = restart({ limit: 3, withinMs: 10_000, backoff: { minMs: 100, maxMs: 2000, jitter: 0.2 } });

/** Names a root behaviour, so that a {@linkcode house} can run it. */
export function resident<M>(
  name: string,
  behavior: Behavior<M>,
  options: { readonly drainMs: number; readonly explain?: (error: unknown) => string | undefined },
): Resident {
  const { drainMs, explain = () => undefined } = options;
  const supervising = supervisor("one-for-one", [
    childSpec("server", behavior, { onFailure: RESTART, shutdownMs: drainMs }),
  ]);
  return { name, explain, start: (self, spawnOptions) => self.spawn(name, supervising, spawnOptions) };
}

/**
 * The root of many services, each under a supervisor of its own: one that fails is started again, and one
 * that goes on failing is given up and says so, while the others run. When none is left, the house fails with
 * the last error.
 */
export function house(services: readonly Resident[], options: HouseOptions): Behavior<HouseEvent> {
  const { strict = false, refused = [], drainMs, settled: allSettled } = options;
  return (self) => {
    self.supervise("one-for-one", { stopOrder: "together" });
    const running = new Set<Resident>();
    const waiting = new Set(services);
    const left = new Set(services);
    for (const service of services) {
      const ref = service.start(self, { onFailure: strict ? escalate() : stop(), shutdownMs: drainMs });
      self.watch(ref, (reason) => ({ type: "ended", service, reason }));
      const settled = (runs: boolean): HouseEvent => ({ type: "settled", service, runs });
      self.pipe(self.started(ref), () => settled(true), () => settled(false));
    }

    /** Says how many run, once all have had their start. */
    function tell(): void {
      if (waiting.size > 0 || left.size === 0) return;
      allSettled?.(running.size);
      const given = services.filter((service) => !running.has(service)).map(({ name }) => name);
      const missing = [...refused, ...given];
      const all = running.size + missing.length;
      const count = `${running.size} of ${all} services run`;
      const fields = { event: "services", running: running.size, services: all };
      if (missing.length === 0) self.log.info(count, fields);
      else self.log.warn(`${count}, without ${missing.join(", ")}`, fields);
    }

    return (event) => {
      const { service } = event;
      if (event.type === "settled") {
        waiting.delete(service);
        if (event.runs && left.has(service)) running.add(service);
        return tell();
      }
      running.delete(service);
      left.delete(service);
      const { reason } = event;
      const error = reason.type === "failed"
        ? reason.error
        : new Error(`Cannot run ${service.name}: it stopped`);
      const text = service.explain(error) ?? errorText(error);
      self.log.error(`${service.name} does not run: ${text}`, {
        event: "given-up",
        name: service.name,
        error,
      });
      if (left.size === 0) throw error;
      tell();
    };
  };
}
