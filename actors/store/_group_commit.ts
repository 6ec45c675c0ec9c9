/** What a {@linkcode GroupCommit} does when somebody asks. */
export interface CommitWork<T> {
  /** Writes what has been gathered, and syncs it when `durable`. */
  commit(durable: boolean): Promise<T>;
  /** Why nothing may be written any more; undefined while it may. */
  refusal(): Error | undefined;
}

/** Runs one commit at a time: all that ask while one is under way share the next. */
export class GroupCommit<T> {
  readonly #work: CommitWork<T>;
  #running: Promise<unknown> | undefined;
  #waiting: { durable: boolean; promise: Promise<T> } | undefined;

  constructor(work: CommitWork<T>) {
    this.#work = work;
  }

  /** Whether nothing is under way and nobody waits. */
  get isIdle(): boolean {
    return this.#running === undefined && this.#waiting === undefined;
  }

  /** Commits what has been gathered: at once, or with all others that ask meanwhile when that is done. */
  request(durable: boolean): Promise<T> {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      waiting.durable ||= durable;
      return waiting.promise;
    }
    const refusal = this.#work.refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    if (this.#running === undefined) return this.#run(() => this.#work.commit(durable));
    const promise = this.#running.catch(() => {}).then(() => {
      durable = this.#waiting?.durable ?? durable;
      this.#waiting = undefined;
      return this.#run(() => this.#work.commit(durable));
    });
    this.#waiting = { durable, promise };
    return promise;
  }

  /** Does something else while no commit is under way. Who asks for a commit meanwhile waits for it. */
  async alone<R>(work: () => Promise<R>): Promise<R> {
    while (!this.isIdle) await this.idle();
    const refusal = this.#work.refusal();
    if (refusal !== undefined) throw refusal;
    return await this.#run(work);
  }

  /** Resolves once all that was asked for has been tried. */
  async idle(): Promise<void> {
    await this.#running?.catch(() => {});
    await this.#waiting?.promise.catch(() => {});
  }

  #run<R>(work: () => Promise<R>): Promise<R> {
    const run: Promise<R> = work().finally(() => {
      if (this.#running === run) this.#running = undefined;
    });
    this.#running = run;
    return run;
  }
}
