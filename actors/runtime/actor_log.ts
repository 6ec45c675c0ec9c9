/**
 * Log lines in an actor's name.
 *
 * @module
 */
import type { LogFields, LogLevel } from "../world/world.ts";
import type { ActorLog } from "./behavior.ts";
import type { ActorSystemCore } from "./system_core.ts";

/** The log of one actor. */
export class CellLog implements ActorLog {
  readonly #system: ActorSystemCore;
  readonly #actor: { readonly path: string };

  constructor(system: ActorSystemCore, actor: { readonly path: string }) {
    this.#system = system;
    this.#actor = actor;
  }

  get debugEnabled(): boolean {
    return this.#system.world.log.enabled("debug");
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  plain(message: string, fields?: LogFields): void {
    this.#write("info", message, fields, true);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined, plain = false): void {
    const { log } = this.#system.world;
    if (!log.enabled(level)) return;
    const actor = this.#actor.path;
    log.write({ level, actor, message, ...(fields && { fields }), ...(plain && { plain }) });
  }
}
