/**
 * One codec for all IRC clients to which events read the same.
 *
 * @module
 */
import type { Capability } from "./irc_client.ts";
import { IrcCodec } from "./irc_codec.ts";

/** One codec for all clients with the same capabilities. */
export class IrcCodecs {
  readonly #codecs = new Map<string, IrcCodec>();

  /** The codec of clients with these capabilities. */
  for(capabilities: ReadonlySet<Capability>): IrcCodec {
    const chosen = {
      messageTags: capabilities.has("message-tags"),
      serverTime: capabilities.has("server-time"),
      extendedJoin: capabilities.has("extended-join"),
      awayNotify: capabilities.has("away-notify"),
      inviteNotify: capabilities.has("invite-notify"),
    };
    const key = JSON.stringify(chosen);
    let codec = this.#codecs.get(key);
    if (codec === undefined) this.#codecs.set(key, codec = new IrcCodec(chosen));
    return codec;
  }
}
