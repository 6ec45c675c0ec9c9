/**
 * Instruments as `--inspect` and `OTEL_DENO` turn them on.
 *
 * @module
 */
import type { Instruments } from "../../mod.ts";

/** Instruments of a kind: `metered`, `traced` (and metered), any other has none. */
export async function instrumentsOf(kind: string | undefined): Promise<Instruments> {
  if (kind !== "metered" && kind !== "traced") return {};
  const { MeterRegistry, SystemMetrics } = await import("../../actors/inspect/mod.ts");
  if (kind === "metered") return new SystemMetrics().instruments;
  const { exportInstrument, openTelemetryTracer } = await import("../../actors/inspect/open_telemetry.ts");
  const tracer = openTelemetryTracer();
  return new SystemMetrics(new MeterRegistry(exportInstrument), { tracer }).instruments;
}
