/**
 * What an IRC client says before it has a name: `CAP`, `NICK`, `USER`, `PASS`.
 *
 * @module
 */
import type { ChatName } from "../../../protocols/chat_names.ts";
import { type IrcFrame, type IrcMessage, truncateBytes, visibleIrcText } from "../../../protocols/irc.ts";
import { CAPABILITIES, type Capability, middle, nickName } from "./irc_client.ts";
import { NUMERIC } from "./irc_numerics.ts";
import type { Reply } from "./irc_reply.ts";

/** The longest user name, in bytes. */
const MAX_USER_BYTES = 16;
/** The longest real name, in bytes. */
const MAX_REAL_NAME_BYTES = 128;
/** Lines of a registration that count for no rate; clients need about ten. */
const FREE_LINES = 32;
/** The commands of a registration. */
const LET_IN = /^(?:@\S* +)?(?::\S* +)?(?:AUTHENTICATE|CAP|NICK|PASS|PING|PONG|QUIT|USER)\b/i;

/** What a client has said of itself so far. */
export class Registration {
  readonly capabilities: Set<Capability> = new Set();
  nick: ChatName | undefined;
  user: string | undefined;
  realName = "";
  /** It is still choosing capabilities, and waits for its welcome. */
  isNegotiating = false;
  #freeLines = FREE_LINES;

  /** Whether enough is said to give the client its name. */
  get isComplete(): boolean {
    return this.nick !== undefined && this.user !== undefined && !this.isNegotiating;
  }

  /** Whether this is a line that a client says to be let in, and among the first of these: they are free. */
  takesFree(frame: IrcFrame): boolean {
    if (this.#freeLines === 0 || frame.type !== "line" || !LET_IN.test(frame.line)) return false;
    this.#freeLines--;
    return true;
  }

  /** Takes `USER`. */
  setUser({ params }: IrcMessage, reply: Reply): void {
    const [user = "", , , realName = ""] = params;
    if (params.length < 4 || user === "" || realName === "") {
      return reply.numeric(NUMERIC.ERR_NEEDMOREPARAMS, "USER", "Not enough parameters");
    }
    // Marked as claimed, not proven; and nothing that could pass for another part of a mask.
    this.user = `~${truncateBytes(user.replace(/[^\w.-]/g, "") || "user", MAX_USER_BYTES - 1)}`;
    this.realName = truncateBytes(visibleIrcText(realName), MAX_REAL_NAME_BYTES);
  }
}

/** Reads a nick out of `NICK`; `null` when it is not one, which the client is told. */
export function requestedNick({ params: [nick] }: IrcMessage, reply: Reply): ChatName | null {
  if (nick === undefined || nick === "") {
    reply.numeric(NUMERIC.ERR_NONICKNAMEGIVEN, "No nickname given");
    return null;
  }
  const name = nickName(nick);
  if (name === null) reply.numeric(NUMERIC.ERR_ERRONEUSNICKNAME, middle(nick), "Erroneous nickname");
  return name;
}

/** `CAP`, before and after the client has a name. Answers whether the negotiation has just ended. */
export function negotiate(
  registration: Registration,
  { params: [subcommand = "", argument = ""] }: IrcMessage,
  isRegistered: boolean,
  nick: string,
  reply: Reply,
): boolean {
  const say = (...params: readonly string[]) => reply.server("CAP", nick, ...params);
  switch (subcommand.toUpperCase()) {
    case "LS":
      registration.isNegotiating = !isRegistered;
      say("LS", CAPABILITIES.join(" "));
      return false;
    case "LIST":
      say("LIST", [...registration.capabilities].join(" "));
      return false;
    case "REQ":
      registration.isNegotiating = !isRegistered;
      say(request(registration.capabilities, argument) ? "ACK" : "NAK", argument);
      return false;
    case "END":
      if (!registration.isNegotiating) return false;
      registration.isNegotiating = false;
      return true;
    default:
      reply.numeric(NUMERIC.ERR_INVALIDCAPCMD, middle(subcommand), "Invalid CAP command");
      return false;
  }
}

/** Takes all of a request, or nothing of it. */
function request(capabilities: Set<Capability>, argument: string): boolean {
  const changes = argument.split(" ").filter((word) => word !== "");
  const parsed = changes.map((word) => {
    const on = !word.startsWith("-");
    const name = on ? word : word.slice(1);
    return { on, capability: CAPABILITIES.find((known) => known === name) };
  });
  if (parsed.some(({ capability }) => capability === undefined)) return false;
  for (const { on, capability } of parsed) {
    if (capability === undefined) continue;
    if (on) capabilities.add(capability);
    else capabilities.delete(capability);
  }
  return true;
}
