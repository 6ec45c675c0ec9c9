/**
 * Who has which name.
 *
 * @module
 */
import type { ChatName } from "../../protocols/chat_names.ts";
import { assertNever, type Behavior, type Ref } from "../runtime/mod.ts";
import type { MemberMessage } from "./messages.ts";

/** What the owner of the names can be told. */
export type NamesCommand =
  /** Asks for a name: `false` when somebody has it, or one that looks like it. */
  | {
    readonly type: "claim";
    readonly name: ChatName;
    readonly member: Ref<MemberMessage>;
    readonly replyTo: Ref<boolean>;
  }
  /** Gives up whatever name the member has. */
  | { readonly type: "release"; readonly member: Ref<MemberMessage> }
  /** Asks who has a name. */
  | {
    readonly type: "find";
    readonly name: ChatName;
    readonly replyTo: Ref<Ref<MemberMessage> | undefined>;
  };

/** The one that owns the names: no two members have names that people could take for each other. */
export function names(): Behavior<NamesCommand> {
  return (self) => {
    const owners = new Map<string, Ref<MemberMessage>>();
    const keysOf = new Map<Ref<MemberMessage>, readonly string[]>();
    return (message) => {
      switch (message.type) {
        case "claim": {
          const { name, member, replyTo } = message;
          const free = !name.keys.some((key) => owners.has(key));
          if (free) {
            for (const key of name.keys) owners.set(key, member);
            keysOf.set(member, name.keys);
            // Should a connection go without a word, its name must not be lost with it.
            self.watch(member, () => ({ type: "release", member }));
          }
          replyTo.tell(free);
          return;
        }
        case "release":
          for (const key of keysOf.get(message.member) ?? []) owners.delete(key);
          keysOf.delete(message.member);
          return;
        case "find":
          message.replyTo.tell(
            message.name.keys.map((key) => owners.get(key)).find((owner) => owner !== undefined),
          );
          return;
        default:
          assertNever(message);
      }
    };
  };
}
