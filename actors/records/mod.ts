/**
 * Student records store.
 *
 * @module
 */
export type { Answered } from "./record.ts";
export type { StorePlaces } from "./recovery.ts";
export * from "./server.ts";
export type { GetInfo } from "./doors/json.ts";
