/**
 * Files that outlive a crash: one that only grows, and ones that are replaced whole or not at all.
 *
 * @module
 */
export * from "./atomic_file.ts";
export * from "./durable_name.ts";
export * from "./exists.ts";
export * from "./file_journal.ts";
export * from "./journal.ts";
export * from "./log_file.ts";
export * from "./log_file_options.ts";
export * from "./log_file_error.ts";
export * from "./set_aside.ts";
export * from "./lock.ts";
