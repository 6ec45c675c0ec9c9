/**
 * Names of entities, and what they become where other characters have a meaning.
 *
 * @module
 */
import type { EntityId, HostRef } from "./engine.ts";

const TYPE = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_ID_BYTES = 128;
const encoder = new TextEncoder();

/** Throws `TypeError` on a name that no type of entities, and no host, can have. */
export function checkTypeName(name: string): void {
  if (typeof name === "string" && TYPE.test(name)) return;
  throw new TypeError(
    `Cannot name a type or a host ${JSON.stringify(name)}: it takes 1 to 64 letters, digits, "_" and "-"`,
  );
}

/** Throws `TypeError` on a name that no entity can have. */
export function checkEntityId(id: string): void {
  if (typeof id === "string" && id !== "" && id.isWellFormed()) {
    if (id.length * 3 <= MAX_ID_BYTES || encoder.encode(id).length <= MAX_ID_BYTES) return;
  }
  throw new TypeError(
    `Cannot name an entity ${JSON.stringify(id)}: it takes 1 to ${MAX_ID_BYTES} bytes of UTF-8`,
  );
}

/** For people. */
export function entityText({ type, id }: EntityId): string {
  return `${type}/${id}`;
}

const PLAIN = /^[A-Za-z0-9_-]+$/;

/**
 * The key of an entity: letters, digits, `_`, `-`, `=` and one dot. Ids of other characters are base64url
 * behind a `=`.
 */
export function entityKey({ type, id }: EntityId): string {
  return `${type}.${PLAIN.test(id) ? id : `=${base64url(id)}`}`;
}

/** Text as one word of a subject. */
export function base64url(text: string): string {
  return encoder.encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

const UNSAFE_IN_NAME = /[^\p{L}\p{N} _.,:;!@#$&()[\]{}+=~^'"<>|-]/gu;

/** The name of an entity's actor in the tree. */
export function actorName(entity: EntityId): string {
  const name = `${entity.type}:${entity.id.replace(UNSAFE_IN_NAME, encodeURIComponent)}`;
  return name.length <= 255 ? name : entityKey(entity);
}

/** Where a life of a host is reached. */
export function hostAddress({ id, incarnation }: HostRef): string {
  return `host.${id}.${incarnation}`;
}

/** Where a host takes messages for its references: `life` is another one with each join. */
export function inboxAddress(hostId: string, life: string): string {
  return `inbox.${hostId}.${life}`;
}

/**
 * The host on which the actor of an address lives; undefined for an entity, which lives anywhere.
 *
 * @example
 * ```ts
 * import { hostIdOf } from "@troupe/actors/cluster";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hostIdOf("inbox.chat-1.0a1b2c 7"), "chat-1");
 * assertEquals(hostIdOf("entity room lobby"), undefined);
 * ```
 */
export function hostIdOf(address: string): string | undefined {
  return /^inbox\.([\w-]+)\./.exec(address)?.[1];
}

/** Where hosts that can run entities of a type are reached. */
export function activationAddress(type: string): string {
  return `activate.${type}`;
}

/** `length` random bytes, as hexadecimal digits. */
export function randomName(random: { bytes(length: number): Uint8Array }, length = 8): string {
  return random.bytes(length).toHex();
}
