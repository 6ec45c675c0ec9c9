/** A realistic bug: one place of the code, written wrong. */
export interface Mutant {
  /** What is wrong then. */
  readonly what: string;
  /** The file, from the root of the repository. */
  readonly file: string;
  /** What stands there; all places where it does are changed. */
  readonly from: string;
  readonly to: string;
}
