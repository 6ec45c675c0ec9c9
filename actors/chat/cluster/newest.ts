/**
 * The newest of many things, as a value: one more costs no copy of all of them.
 *
 * @module
 */

/** What is kept of a list. */
export interface Newest<T> {
  /** Piece by piece, the oldest first. */
  readonly pieces: readonly (readonly T[])[];
  /** How many there are. */
  readonly count: number;
  /** UTF-16 units of their texts. */
  readonly length: number;
}

/** How much is kept: at least so many, and less than a piece more, unless these are too long. */
export interface NewestLimits<T> {
  readonly count: number;
  readonly length: number;
  readonly lengthOf: (item: T) => number;
}

/** The most items of a piece, which is copied for each item that is added to it. */
const PIECE = 32;

/** An empty list. */
export const NONE: Newest<never> = { pieces: [], count: 0, length: 0 };

/** The list with one more. What is too old goes a piece at a time. */
export function withNewest<T>(list: Newest<T>, item: T, limits: NewestLimits<T>): Newest<T> {
  const last = list.pieces.at(-1);
  const isFull = last === undefined || last.length >= PIECE;
  const pieces = isFull ? [...list.pieces, [item]] : [...list.pieces.slice(0, -1), [...last, item]];
  let [count, length] = [list.count + 1, list.length + limits.lengthOf(item)];
  for (let oldest = pieces[0]; oldest !== undefined && pieces.length > 1; oldest = pieces[0]) {
    if (count - oldest.length < limits.count && length <= limits.length) break;
    pieces.shift();
    count -= oldest.length;
    for (const one of oldest) length -= limits.lengthOf(one);
  }
  return { pieces, count, length };
}

/** All that is kept, the oldest first. */
export function allOf<T>({ pieces }: Newest<T>): T[] {
  return pieces.flat();
}

/** The same list of other things, each as long as the one in its place. */
export function mapNewest<T, U>(list: Newest<T>, make: (item: T) => U): Newest<U> {
  return { ...list, pieces: list.pieces.map((piece) => piece.map(make)) };
}

/** What an earlier version kept as one list. */
export function newestOf<T>(
  stored: Newest<T> | readonly T[],
  lengthOf: NewestLimits<T>["lengthOf"],
): Newest<T> {
  if (!isList(stored)) return stored;
  const length = stored.reduce((sum, item) => sum + lengthOf(item), 0);
  return { pieces: [stored], count: stored.length, length };
}

function isList<T>(stored: Newest<T> | readonly T[]): stored is readonly T[] {
  return Array.isArray(stored);
}
