/**
 * An entity that could not even be made.
 *
 * @module
 */
import type { Context } from "../runtime/behavior.ts";
import type { Receive } from "../runtime/handler.ts";
import { errorText } from "../world/world.ts";
import { type EntityLife, Passivate } from "./entity_type.ts";

/** Answers each command with the reason, until the entity is made anew. */
export function brokenEntity(
  error: unknown,
  { refuse }: Pick<EntityLife, "refuse">,
  self: Context<unknown>,
): Receive<unknown> {
  self.log.error(errorText(error), { event: "entity-failed", error });
  return (message) => {
    if (message instanceof Passivate) self.stop();
    else refuse(message, { type: "failed", error });
  };
}
