/**
 * Work on an open file, one piece after the other.
 *
 * @module
 */
import { WorldError } from "../error.ts";
import { worldError } from "./error.ts";

/** Whose turn it is on one file. */
export class Turns {
  readonly #path: string;
  #last: Promise<unknown> = Promise.resolve();
  #underWay = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Does the work once what was asked for before is done. */
  take<T>(doing: string, work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    const done = this.#last.then(work).catch((error: unknown): never => {
      throw worldError(`${doing} ${this.#path}`, error);
    }).finally(() => this.#underWay--);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Does the work now. Throws where something else is under way. */
  now<T>(doing: string, work: () => T): T {
    const what = `${doing} ${this.#path}`;
    if (this.#underWay > 0) throw new WorldError("other", `Cannot ${what}: something else is under way`);
    try {
      return work();
    } catch (error) {
      throw worldError(what, error);
    }
  }
}
