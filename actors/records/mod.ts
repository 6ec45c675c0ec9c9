/**
 * Student records store.
 *
 * @module
 */
export * from "./server.ts";
