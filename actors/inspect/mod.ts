/**
 * A look into a living system: its tree and its metrics, over HTTP.
 *
 * @module
 */
export { inspector, type InspectorOptions } from "./inspector.ts";
export { SystemMetrics } from "./metrics.ts";
