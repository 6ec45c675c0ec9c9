/**
 * What hosts send each other: a list of frames in JSON, whose values are as the codec writes them.
 *
 * @module
 */
import { errorText } from "../world/world.ts";
import { type CodecOptions, decodeJson, encodeValue } from "./codec.ts";
import type { EntityId, Epoch } from "./engine.ts";
import type { Refusal } from "./entity_type.ts";

/** One frame. */
export type HostFrame =
  /** A message for an entity, which the sender believes to live at the receiver by this epoch. */
  | { readonly type: "entity"; readonly entity: EntityId; readonly epoch: Epoch; readonly message: unknown }
  /** A message for a reference that the receiver gave out. */
  | { readonly type: "ref"; readonly number: number; readonly message: unknown }
  /** A question of the receiver's was not carried out. */
  | { readonly type: "refused"; readonly number: number; readonly why: Refusal };

/** The text of a frame. Throws `TypeError` on a message that cannot cross. */
export function encodeFrame(frame: HostFrame, options: CodecOptions): string {
  switch (frame.type) {
    case "entity": {
      const { entity, epoch, message } = frame;
      return `["m",${JSON.stringify(entity.type)},${JSON.stringify(entity.id)},${epoch},${
        encodeValue(message, options)
      }]`;
    }
    case "ref":
      return `["r",${frame.number},${encodeValue(frame.message, options)}]`;
    case "refused": {
      const { why, number } = frame;
      return `["f",${number},"${why.type}",${
        encodeValue(why.type === "failed" ? asError(why.error) : null, options)
      }]`;
    }
  }
}

/** The frames of a request. Throws `SyntaxError` or `TypeError` when they are none. */
export function decodeFrames(body: string, options: CodecOptions): HostFrame[] {
  const frames: unknown = JSON.parse(body);
  if (!Array.isArray(frames)) throw new TypeError("Cannot read a request: it is no list");
  return frames.map((frame) => decodeFrame(frame, body, options));
}

function decodeFrame(frame: unknown, body: string, options: CodecOptions): HostFrame {
  if (Array.isArray(frame)) {
    const [kind, second, third, fourth, fifth]: readonly unknown[] = frame;
    const value = (json: unknown) => decodeJson(json, body, options);
    if (
      kind === "m" && typeof second === "string" && typeof third === "string" && typeof fourth === "number"
    ) {
      return { type: "entity", entity: { type: second, id: third }, epoch: fourth, message: value(fifth) };
    }
    if (typeof second === "number") {
      if (kind === "r") return { type: "ref", number: second, message: value(third) };
      const why = kind === "f" ? refusalOf(third, value(fourth)) : undefined;
      if (why !== undefined) return { type: "refused", number: second, why };
    }
  }
  throw new TypeError("Cannot read a request: a frame is of no form that is known");
}

function refusalOf(kind: unknown, error: unknown): Refusal | undefined {
  switch (kind) {
    case "retry":
    case "unknown":
      return { type: kind };
    case "failed":
      return { type: "failed", error };
    default:
      return undefined;
  }
}

/** What was thrown, as what crosses. */
function asError(error: unknown): unknown {
  return error instanceof Error ? error : new Error(errorText(error));
}
