/**
 * Engines by name, and that of many machines, with the client that it needs.
 *
 * @module
 */
export { type NatsCredentials, natsDriver, natsEngine, type NatsEngineOptions } from "./nats.ts";
export { openEngine, type OpenEngineOptions } from "./open_engine.ts";
