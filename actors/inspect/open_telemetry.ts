/**
 * Traces and metrics for OpenTelemetry, through whatever implementation the process has registered: Deno's
 * own with
 * `OTEL_DENO=true`, which exports them by itself.
 *
 * @module
 */
import {
  type Context,
  context,
  createContextKey,
  metrics,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer as OtelTracer,
} from "@opentelemetry/api";
import { messageType } from "../runtime/kinds.ts";
import type { Histogram, Ref, Tracer, TraceStart, TraceStep } from "../runtime/mod.ts";
import { errorText } from "../world/world.ts";
import type { Instrument } from "./meter_registry.ts";

/** The name under which all of it is exported. */
const SCOPE = "@troupe/actors";

const STEP = createContextKey("troupe step");
const SAMPLED = 1;

/** Time in which the limits below hold. */
const WINDOW_MS = 10;
/**
 * Beginnings in a window that the sampler is asked of, and spans that are made then: 1,000 a second each. To
 * ask
 * costs some microseconds, and a span some tens of them until it is exported. A trace under way may use the
 * spans of later windows: until they have come, nothing begins.
 */
const MAX_ASKED = 10;
const MAX_SPANS = 10;
/** Spans of one trace: actors that answer each other for ever are not followed for ever. */
const MAX_TRACE_SPANS = 200;

/**
 * A tracer whose spans go to OpenTelemetry. Which beginnings are followed, its sampler says
 * (`OTEL_TRACES_SAMPLER`).
 */
export function openTelemetryTracer(): Tracer {
  return new SpanTracer(trace.getTracer(SCOPE));
}

class SpanTracer implements Tracer {
  readonly #tracer: OtelTracer;
  #windowAt = -Infinity;
  #asked = 0;
  #spansLeft = MAX_SPANS;

  constructor(tracer: OtelTracer) {
    this.#tracer = tracer;
  }

  begin(nowMs: number, describe: () => TraceStart): TraceStep | undefined {
    if (nowMs - this.#windowAt >= WINDOW_MS) this.#beginWindow(nowMs);
    if (this.#spansLeft <= 0 || ++this.#asked > MAX_ASKED) return undefined;
    const { name, attributes } = describe();
    const span = this.#tracer.startSpan(name, { kind: SpanKind.SERVER }, ROOT_CONTEXT);
    // One that is not followed is never ended either: nobody is told of it.
    if ((span.spanContext().traceFlags & SAMPLED) === 0) return undefined;
    span.setAttributes(attributes);
    this.#spansLeft--;
    return new Step(span, ROOT_CONTEXT, { spansLeft: MAX_TRACE_SPANS });
  }

  #beginWindow(nowMs: number): void {
    const windows = Math.min(1000, Math.floor((nowMs - this.#windowAt) / WINDOW_MS));
    this.#spansLeft = Math.min(MAX_SPANS, this.#spansLeft + windows * MAX_SPANS);
    this.#windowAt = nowMs;
    this.#asked = 0;
  }

  send(): Step | undefined {
    const step = context.active().getValue(STEP);
    // What was begun by work that is over, a read of the next frame above all, does not belong to it.
    return step instanceof Step && step.isOpen ? step : undefined;
  }

  receive(context: unknown, actor: Ref<never>, message: unknown): TraceStep | undefined {
    if (!(context instanceof Step)) return undefined;
    return this.#step("process", SpanKind.CONSUMER, actor, messageType(message), context);
  }

  ask(target: Ref<never>, question: unknown): TraceStep | undefined {
    const step = this.send();
    if (step === undefined) return undefined;
    return this.#step("ask", SpanKind.CLIENT, target, messageType(question), step);
  }

  note(event: string, attributes: TraceStart["attributes"]): void {
    this.send()?.span.addEvent(event, attributes);
  }

  detach(work: () => void): void {
    context.with(ROOT_CONTEXT, work);
  }

  #step(
    what: string,
    kind: SpanKind,
    actor: Ref<never>,
    type: string | undefined,
    parent: Step,
  ): Step | undefined {
    const { trace, context } = parent;
    if (trace.spansLeft-- <= 0) return undefined;
    this.#spansLeft--;
    const attributes = {
      "troupe.actor.path": actor.path,
      ...(type === undefined ? {} : { "troupe.message.type": type }),
    };
    const name = type === undefined ? what : `${what} ${type}`;
    return new Step(this.#tracer.startSpan(name, { kind, attributes }, context), context, trace);
  }
}

/** What the spans of one trace have in common. */
interface Trace {
  spansLeft: number;
}

/** One span, while its work is under way. */
class Step implements TraceStep {
  readonly span: Span;
  readonly context: Context;
  readonly trace: Trace;
  isOpen = true;

  constructor(span: Span, parent: Context, ofTrace: Trace) {
    this.span = span;
    this.trace = ofTrace;
    this.context = trace.setSpan(parent, span).setValue(STEP, this);
  }

  run<T>(work: () => T): T {
    return context.with(this.context, work);
  }

  end(failure?: { readonly error: unknown }): void {
    this.isOpen = false;
    try {
      if (failure === undefined) return;
      const { error } = failure;
      this.span.setStatus({ code: SpanStatusCode.ERROR });
      this.span.recordException(error instanceof Error ? error : errorText(error));
    } catch {
      // An error that throws when it is looked at.
    } finally {
      this.span.end();
    }
  }
}

/**
 * Exports an instrument: what a registry calls with each that is made. Sums are read when they are exported.
 * `more` are attributes that tell it from those of other threads of the process.
 */
export function exportInstrument(
  instrument: Instrument,
  more: Readonly<Record<string, string>> = {},
): Histogram | undefined {
  const meter = metrics.getMeter(SCOPE);
  const { name, kind, options: { unit, description } } = instrument;
  const attributes = { ...instrument.options.attributes, ...more };
  if (kind === "histogram") {
    const { bounds } = instrument;
    const histogram = meter.createHistogram(name, {
      ...{ unit, description },
      advice: { explicitBucketBoundaries: [...bounds] },
    });
    return { record: (value) => histogram.record(value, attributes) };
  }
  const observable = kind === "counter"
    ? meter.createObservableCounter(name, { unit, description })
    : kind === "gauge"
    ? meter.createObservableGauge(name, { unit, description })
    : meter.createObservableUpDownCounter(name, { unit, description });
  observable.addCallback((result) => {
    const { value } = instrument;
    // A gauge that has not been recorded yet has no value.
    if (!Number.isNaN(value)) result.observe(value, attributes);
  });
  return undefined;
}
