/**
 * Actors: behaviours, references, supervision, and the system they live in.
 *
 * @module
 */
export { type Answers, askAll, type AskAllOptions } from "./ask_all.ts";
export * from "./behavior.ts";
export * from "./errors.ts";
export type * from "./events.ts";
export type { Receive } from "./handler.ts";
export type * from "./instruments.ts";
export type * from "./meter.ts";
export { pool, type PoolOptions, type Routing } from "./pool.ts";
export * from "./ref.ts";
export type { Stash } from "./stash.ts";
export { type Registry, type RegistryKey, registryKey } from "./registry.ts";
export { run, type RunOptions } from "./run.ts";
export type { StepControl } from "./scheduler.ts";
export type * from "./spawn_options.ts";
export * from "./supervision.ts";
export * from "./supervisor.ts";
export type { ActorDetails, ActorOptionsText, ActorSnapshot, ActorState, TreeOptions } from "./snapshot.ts";
export { ActorSystem, type ActorSystemOptions } from "./system.ts";
export { type Topic, topic } from "./topics.ts";
export type { ActorTracer, Tracer, TraceStart, TraceStep } from "./tracing.ts";
