/**
 * What an inspector tells, as far as `top` shows it. Another process says it: nothing is taken unchecked.
 *
 * @module
 */
import type { BusyRow } from "../actors/inspect/busiest.ts";
import type { InspectorTick } from "../protocols/inspector.ts";

/** One of a machine. */
export type PlacedRow = BusyRow & {
  /** Absent where there is only one machine. */
  readonly host?: string;
};

/** A message of an inspector. */
export type InspectorMessage =
  | { readonly type: "hello"; readonly hosts: readonly string[] }
  | { readonly type: "tick"; readonly tick: InspectorTick; readonly hosts: readonly string[] | undefined }
  | { readonly type: "busiest"; readonly host: string; readonly rows: readonly BusyRow[] }
  /** What is not shown. */
  | { readonly type: "other" };

/** The most rows that are asked for. */
export const MAX_ROWS = 200;
/** The most machines: cores of one, or hosts of a simulation. */
const MAX_HOSTS = 1000;

/** Reads a message; `null` where it is none of an inspector. */
export function parseInspectorMessage(text: unknown): InspectorMessage | null {
  const event = typeof text === "string" ? fieldsOf(parsed(text)) : undefined;
  if (event === undefined) return null;
  switch (event["type"]) {
    case "hello": {
      const hosts = namesOf(event["hosts"]);
      return hosts === undefined ? null : { type: "hello", hosts };
    }
    case "tick": {
      const { tick } = event;
      return isTick(tick) ? { type: "tick", tick, hosts: namesOf(event["hosts"]) } : null;
    }
    case "seen": {
      const { busiest: rows, host } = fieldsOf(event["seen"]) ?? {};
      if (rows === undefined) return { type: "other" };
      return typeof host === "string" && Array.isArray(rows) && rows.length <= MAX_ROWS &&
          rows.every(isBusyRow)
        ? { type: "busiest", host, rows }
        : null;
    }
    default:
      return typeof event["type"] === "string" ? { type: "other" } : null;
  }
}

/** The names of machines; undefined where they are none. A replay may have no machine yet. */
function namesOf(hosts: unknown): string[] | undefined {
  if (!Array.isArray(hosts) || hosts.length > MAX_HOSTS) return undefined;
  const names = hosts.map((host) => fieldsOf(host)?.["name"]).filter((name) => typeof name === "string");
  return names.length === hosts.length ? names : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return isFields(value) ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

const TICK_NUMBERS: readonly (keyof InspectorTick)[] = [
  ...["time", "actors", "handled", "waiting", "failures", "deadLetters", "restarts"] as const,
  ...["connections", "bytesIn", "bytesOut", "loopDelayMs", "residentBytes", "heapUsedBytes"] as const,
];

function isTick(value: unknown): value is InspectorTick {
  return isFields(value) && TICK_NUMBERS.every((key) => isNumber(value[key]));
}

const ROW_NUMBERS: readonly (keyof BusyRow)[] = [
  ...["mailbox", "highWater", "handled", "restarts", "childCount", "perSecond"] as const,
];

function isBusyRow(value: unknown): value is BusyRow {
  if (!isFields(value) || typeof value["name"] !== "string" || typeof value["state"] !== "string") {
    return false;
  }
  const { meanMs } = value;
  return ROW_NUMBERS.every((key) => isNumber(value[key])) && (meanMs === undefined || isNumber(meanMs));
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
