export type { Mutant } from "../../tasks/_mutants.ts";
