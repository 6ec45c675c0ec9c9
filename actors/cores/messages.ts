/**
 * What the first thread and those of the cores tell each other.
 *
 * Both ends are this program: a message is told by its `type`, and is not looked at further.
 *
 * @module
 */
import type { PortDriverLimits } from "../cluster/engines/ports.ts";
import type { RealLogOptions } from "../world/real/mod.ts";
import { errorText, type ThreadRight, WorldError, type WorldErrorKind } from "../world/world.ts";

/** Which lines the log has, and how they look: the same on all cores. */
export type CoreLogOptions = Pick<RealLogOptions, "level" | "format" | "time">;

/** What was thrown, as what crosses to another thread. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a `WorldError`. */
  readonly kind: WorldErrorKind | undefined;
}

/** What a core is told. */
export type ToCore =
  /** Begin. With it comes the port to who keeps the logs and keys of the cluster. */
  | {
    readonly type: "start";
    readonly index: number;
    readonly cores: number;
    readonly settings: unknown;
    readonly dropRights: readonly ThreadRight[];
    readonly limits: PortDriverLimits;
    readonly log: CoreLogOptions;
  }
  /** Another core runs; with it comes the port to it. */
  | { readonly type: "peer"; readonly index: number }
  /** It has gone. */
  | { readonly type: "peer-gone"; readonly index: number }
  /** It may listen, on this port; where it counts clients, and whether it is asked about. */
  | {
    readonly type: "reserved";
    readonly id: number;
    readonly port: number;
    readonly places: SharedArrayBuffer;
  }
  | { readonly type: "not-reserved"; readonly id: number; readonly failure: Failure }
  /** The process was asked to end, and will in a moment. */
  | { readonly type: "ending" }
  /** Stop, within so many milliseconds. */
  | { readonly type: "stop"; readonly withinMs: number }
  /** What have you to report? The program knows what is asked; undefined asks for all. */
  | { readonly type: "report"; readonly id: number; readonly question: unknown }
  /** Do you live? */
  | { readonly type: "ping" };

/** What a core tells. */
export type FromCore =
  /** Its system was made, and listens where it was to listen. */
  | { readonly type: "ready" }
  /** Its system could not be made, or has failed. */
  | { readonly type: "failed"; readonly failure: Failure }
  /** Its system has stopped, and all that it had to say was said. */
  | { readonly type: "ended" }
  /** It wants to listen on an address. */
  | { readonly type: "reserve"; readonly id: number; readonly hostname: string; readonly port: number }
  /** It listens there no more. */
  | { readonly type: "release"; readonly id: number }
  /** Lines for the log, each with its line end. */
  | { readonly type: "log"; readonly lines: string; readonly stream: "stdout" | "stderr" }
  /** A line that says where it listens, and by what it is told that another core has said so already. */
  | { readonly type: "listening"; readonly key: string; readonly lines: string }
  | { readonly type: "report"; readonly id: number; readonly report: unknown }
  | { readonly type: "pong" };

/** What was thrown, to be sent. */
export function failureOf(error: unknown): Failure {
  const isError = error instanceof Error;
  return {
    name: isError ? error.name : "Error",
    message: errorText(error),
    stack: isError ? error.stack : undefined,
    kind: error instanceof WorldError ? error.kind : undefined,
  };
}

/** It, received. */
export function errorOf({ name, message, stack, kind }: Failure): Error {
  const error = kind === undefined ? new Error(message) : new WorldError(kind, message);
  return Object.assign(error, kind === undefined && { name }, stack !== undefined && { stack });
}
