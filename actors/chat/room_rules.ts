/**
 * Decides on the commands to a room. Pure: the caller applies what happens with {@linkcode RoomState.apply},
 * and tells the members.
 *
 * @module
 */
import { assertNever } from "../runtime/mod.ts";
import type { Answer, RoomCommand } from "./messages.ts";
import type { ModeChange } from "./room_properties.ts";
import { type RoomFact, RoomState } from "./room_state.ts";

/** The outcome of a command. */
export interface Verdict<M> {
  /** What happens by it, in this order. */
  readonly facts: readonly RoomFact<M>[];
  /** The answer to the sender, after these; absent where the command asks for none. */
  readonly answer?: RoomAnswer;
}

/** An answer that is no view of the room. */
export type RoomAnswer =
  | Extract<Answer, { readonly type: "done" | "refused" }>
  /** The sender has joined: it is answered by the view of the room. */
  | { readonly type: "entered" };

/** The commands that may change a room; the others only read it. */
export type RoomDeed<M> = Exclude<
  RoomCommand<M>,
  { readonly type: "get-view" | "get-bans" | "get-history" }
>;

/** What a decision depends on beside the state of the room. */
export interface RoomFrame {
  readonly title: string;
  /** Whether the first to come in is an operator. */
  readonly hasFounder: boolean;
  readonly nowMs: number;
}

type Refused = Extract<Answer, { readonly type: "refused" }>;

const DONE: RoomAnswer = { type: "done" };

/** Decides on one command. */
export function judge<M>(state: RoomState<M>, command: RoomDeed<M>, frame: RoomFrame): Verdict<M> {
  switch (command.type) {
    case "join":
      return join(state, command, frame);
    case "say":
      return say(state, command, frame);
    case "part": {
      const { person, reason } = command;
      if (!state.members.has(person.member)) return outside(state, command, frame);
      return done({ type: "parted", person, ...withReason(reason) });
    }
    case "quit": {
      const member = state.members.get(command.person.member);
      if (member === undefined) return { facts: [] };
      const { person } = member;
      if (command.quietly) return { facts: [{ type: "vanished", person }] };
      return { facts: [{ type: "quit", person, ...withReason(command.reason) }] };
    }
    case "rename": {
      const { from: person, to } = command;
      return { facts: state.members.has(person.member) ? [{ type: "renamed", person, to }] : [] };
    }
    case "set-away": {
      const { person, away } = command;
      if (!state.members.has(person.member)) return { facts: [] };
      return { facts: [{ type: "away", person, ...(away === undefined ? {} : { away }) }] };
    }
    case "set-text":
      return setText(state, command, frame);
    case "kick":
      return kick(state, command, frame);
    case "invite":
      return invite(state, command, frame);
    case "change-modes":
      return changeModes(state, command, frame);
    default:
      assertNever(command);
  }
}

type Deed<M, T extends RoomDeed<M>["type"]> = Extract<RoomDeed<M>, { readonly type: T }>;

function join<M>(state: RoomState<M>, command: Deed<M, "join">, frame: RoomFrame): Verdict<M> {
  const { person, quietly, away, key } = command;
  if (state.members.has(person.member)) return refused("already-in-room");
  const refusal = quietly === undefined ? state.admission(person, key) : undefined;
  if (refusal !== undefined) return refused(refusal);
  if (quietly !== undefined) {
    const member = { person, ...quietly, isAway: away !== undefined };
    return { facts: [{ type: "returned", member }], answer: { type: "entered" } };
  }
  const isOperator = frame.hasFounder && state.members.size === 0;
  return {
    facts: [{ type: "joined", person, isOperator, ...(away === undefined ? {} : { away }) }],
    answer: { type: "entered" },
  };
}

function say<M>(state: RoomState<M>, command: Deed<M, "say">, frame: RoomFrame): Verdict<M> {
  const { person, kind, text, tags, onlyFor } = command;
  if (state.silence(person) !== undefined) return outside(state, command, frame, "cannot-send");
  return done({ type: "said", person, kind, text, tags, ...(onlyFor === undefined ? {} : { onlyFor }) });
}

function setText<M>(state: RoomState<M>, command: Deed<M, "set-text">, frame: RoomFrame): Verdict<M> {
  const { person, name, text } = command;
  if (!state.members.has(person.member)) return outside(state, command, frame);
  if (state.modes.isTopicLocked && !state.isOperator(person)) return refused("not-operator");
  return done({ type: "text", person, name, text: { text, by: person.name.text, setMs: frame.nowMs } });
}

function kick<M>(state: RoomState<M>, command: Deed<M, "kick">, frame: RoomFrame): Verdict<M> {
  const { person: by, target, reason } = command;
  if (!state.members.has(by.member)) return outside(state, command, frame);
  if (!state.isOperator(by)) return refused("not-operator");
  const member = state.named(target);
  if (member === undefined) return refused("target-not-in-room", target.text);
  return done({ type: "kicked", person: member.person, by, ...withReason(reason) });
}

function invite<M>(state: RoomState<M>, command: Deed<M, "invite">, frame: RoomFrame): Verdict<M> {
  const { person: by, target } = command;
  if (!state.members.has(by.member)) return outside(state, command, frame);
  if (state.modes.isInviteOnly && !state.isOperator(by)) return refused("not-operator");
  if (state.members.has(target.member)) return refused("already-in-room", target.name.text);
  return done({ type: "invited", person: by, target });
}

function changeModes<M>(
  state: RoomState<M>,
  command: Deed<M, "change-modes">,
  frame: RoomFrame,
): Verdict<M> {
  const { person } = command;
  if (!state.members.has(person.member)) return outside(state, command, frame);
  if (!state.isOperator(person)) return refused("not-operator");
  // Each change is decided on the room as those before it leave it.
  const draft = new RoomState(state.data);
  const changes: ModeChange[] = [];
  let refusal: Refused | undefined;
  for (const wanted of command.changes) {
    const outcome = draft.change(wanted, person.name.text, frame.nowMs);
    if (outcome.type === "changed") changes.push(outcome.change);
    else if (outcome.type === "refused") refusal ??= outcome;
  }
  return {
    facts: changes.length === 0 ? [] : [{ type: "modes", person, changes }],
    answer: refusal ?? DONE,
  };
}

/** Somebody outside of a secret room is answered as if there was no such room. */
export function outsiderRefusal<M>(
  state: RoomState<M>,
  member: M,
  title: string,
  reason: Refused["reason"] = "not-in-room",
): Refused {
  const isHidden = state.modes.isSecret && !state.members.has(member);
  return isHidden ? { type: "refused", reason: "no-such-room", detail: title } : { type: "refused", reason };
}

function outside<M>(
  state: RoomState<M>,
  { person }: { readonly person: { readonly member: M } },
  { title }: RoomFrame,
  reason?: Refused["reason"],
): Verdict<M> {
  return { facts: [], answer: outsiderRefusal(state, person.member, title, reason) };
}

function done<M>(fact: RoomFact<M>): Verdict<M> {
  return { facts: [fact], answer: DONE };
}

function refused<M>(reason: Refused["reason"], detail?: string): Verdict<M> {
  return { facts: [], answer: { type: "refused", reason, ...(detail === undefined ? {} : { detail }) } };
}

function withReason(reason: string | undefined): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}
