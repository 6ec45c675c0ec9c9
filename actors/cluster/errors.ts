/**
 * What can go wrong between a host and its cluster.
 *
 * @module
 */

/**
 * A newer owner of the entity exists, or may exist: nothing was written. The state that is held is stale;
 * whoever gets this drops it and never tries the write again.
 */
export class Fenced extends Error {
  /** The name of the class. */
  override readonly name = "Fenced";
  /** Made by a journal. */
  constructor(entity: string, options?: ErrorOptions) {
    super(`Cannot write to the journal of ${entity}: a newer owner has it`, options);
  }
}

/**
 * No answer of the engine came in time: what was asked for may or may not have happened. Whoever wrote reads
 * again before it answers anybody.
 */
export class OutcomeUnknown extends Error {
  /** The name of the class. */
  override readonly name = "OutcomeUnknown";
  /** Made by an engine. */
  constructor(what: string, options?: ErrorOptions) {
    super(`Cannot tell whether this happened: ${what}`, options);
  }
}

/** The engine takes no writes for now, because its storage is full or sealed, say: nothing was written. */
export class WriteRefused extends Error {
  /** The name of the class. */
  override readonly name = "WriteRefused";
  /** Made by a driver; `why` is what the engine said. */
  constructor(key: string, why: string) {
    super(`Cannot write ${key}: the engine takes no writes (${why})`);
  }
}

/** Nobody serves the address: nothing was delivered. Known at once, and not by a timeout. */
export class NoHost extends Error {
  /** The name of the class. */
  override readonly name = "NoHost";
  /** Made by a transport. */
  constructor(address: string, options?: ErrorOptions) {
    super(`Cannot reach ${address}: no host of the cluster serves it`, options);
  }
}

/** Something else was written meanwhile: a compare-and-set or a compare-and-append changed nothing. */
export class Conflict extends Error {
  /** The name of the class. */
  override readonly name = "Conflict";
  /** Made by a driver. */
  constructor(key: string, options?: ErrorOptions) {
    super(`Cannot write ${key}: it has changed meanwhile`, options);
  }
}

/** What the journal keeps of an entity is not what was written: it is not replayed over a gap. */
export class JournalDamaged extends Error {
  /** The name of the class. */
  override readonly name = "JournalDamaged";
  /** Made by a journal. */
  constructor(entity: string, why: string, options?: ErrorOptions) {
    super(`Cannot replay the journal of ${entity}: ${why}`, options);
  }
}
