import type { Mutant } from "./mutant.ts";

/** Mutants of chat. */
export const chat: readonly Mutant[] = [
  {
    what: "lines are passed on before they are kept",
    file: "actors/chat/history.ts",
    from: "            journal.commit(),",
    to: "            Promise.resolve(),",
  },
  {
    what: "nothing is kept",
    file: "actors/chat/history.ts",
    from: "journal.append(lines.map((line) => ({ room, line })));",
    to: ";",
  },
  {
    what: "the history grows over its limit",
    file: "actors/chat/history.ts",
    from: "if (lines.length > MAX_HISTORY_LINES) this.#length -=",
    to: "if (lines.length > 2 * MAX_HISTORY_LINES) this.#length -=",
  },
  {
    what: "old rooms are never forgotten",
    file: "actors/chat/history.ts",
    from: "while (this.#length > this.#maxLength && this.#rooms.size > 1) this.#dropOldest();",
    to: ";",
  },
  {
    what: "a name is never freed",
    file: "actors/chat/names.ts",
    from: "    for (const key of person.name.keys) this.#byKey.delete(key);",
    to: "    ",
  },
  {
    what: "a name's other keys stay taken",
    file: "actors/chat/names.ts",
    from: "for (const key of former.person.name.keys) this.#byKey.delete(key);",
    to: ";",
  },
  {
    what: "who has left still has a name",
    file: "actors/chat/names.ts",
    from: "    this.#byMember.delete(member);\n",
    to: "    \n",
  },
  {
    what: "everybody who ever was is remembered",
    file: "actors/chat/names.ts",
    from: "if (this.#former.length > MAX_FORMER) this.#former.shift();",
    to: ";",
  },
  {
    what: "who goes while on its way into a room is in it for a while",
    file: "actors/chat/member.ts",
    from: 'for (const room of this.#joining) this.#services.rooms.tell({ type: "quit-room", room, quit });',
    to: ";",
  },
  {
    what: "who goes is in its rooms for a while",
    file: "actors/chat/member.ts",
    from: "for (const { room } of this.#rooms.values()) room.tell(quit);",
    to: ";",
  },
  {
    what: "who goes does not free the name",
    file: "actors/chat/member.ts",
    from: 'this.#services.names.tell({ type: "release", member: this.#connection.self });',
    to: ";",
  },
  {
    what: "empty rooms are kept for ever",
    file: "actors/chat/rooms.ts",
    from: "if (entry === undefined || --entry.members > 0) return;",
    to: "return;",
  },
  {
    what: "an empty room's names are never freed",
    file: "actors/chat/rooms.ts",
    from: "if (this.#byKey.get(key) === entry) this.#byKey.delete(key);",
    to: ";",
  },
  {
    what: "lines overtake those that are being kept",
    file: "actors/chat/room_steps.ts",
    from: "while (this.#keeping.length === 0 && this.#waiting.length > 0) {",
    to: "while (this.#waiting.length > 0) {",
  },
  {
    what: "anybody sets a locked topic",
    file: "actors/chat/room_rules.ts",
    from: 'if (state.modes.isTopicLocked && !state.isOperator(person)) return refused("not-operator");',
    to: "",
  },
  {
    what: "anybody does what operators do",
    file: "actors/chat/room_rules.ts",
    from: '  if (!state.isOperator(by)) return refused("not-operator");',
    to: "  ",
  },
  {
    what: "who is too fast is not told",
    file: "actors/chat/doors/line.ts",
    from: "if (!this.#tooFast) this.#member.run(() => this.#send(SLOW_DOWN));",
    to: ";",
  },
  {
    what: "there is no limit of speed",
    file: "actors/chat/doors/line.ts",
    from: "    if (!this.#client.mayTalk()) {",
    to: "    if (false) {",
  },
  {
    what: "a history has no limit of bytes",
    file: "actors/chat/history_entry.ts",
    from: "return entries.slice(tooMuch + 1);",
    to: "return entries;",
  },
  {
    what: "a room that has ended is gone back into before what it said is heard",
    file: "actors/chat/member.ts",
    from: 'return this.#connection.self.tell({ type: "room-failed", room: message.room });',
    to: "return this.#goBackIn(message.room);",
  },
  {
    what: "a name is free before its owner has said whether it is there",
    file: "actors/chat/names.ts",
    from: "if (other !== undefined) return this.#want(other.person.member, claim);",
    to: "if (other !== undefined) this.#release(other.person.member);",
  },
  {
    what: "one who has left is still heard",
    file: "actors/chat/room.ts",
    from: "if (event !== undefined && refusal === undefined && command.onlyFor === undefined) {",
    to: "if (event !== undefined) {",
  },
  {
    what: "who fails to keep a line is silenced",
    file: "actors/chat/history.ts",
    from:
      "          message.replies.tell();\n          if (message.error === undefined) return snapshotIfDue();",
    to: "          if (message.error !== undefined) return;\n          message.replies.tell();",
  },
  {
    what: "who is let in late waits for ever",
    file: "actors/chat/doors/irc_turns.ts",
    from: "    this.#isTurnDue = false;\n    first();",
    to: "    first();\n    this.#isTurnDue = false;",
  },
  {
    what: "a batch that comes again is carried out again",
    file: "actors/chat/cluster/room_entity.ts",
    from: "if (before?.number === number) return { replies: [reply(replyTo, before.reply)] };",
    to: "",
  },
  {
    what: "a batch that comes late is carried out again",
    file: "actors/chat/cluster/room_entity.ts",
    from: "if (before !== undefined && before.number > number) return {};",
    to: "",
  },
  {
    what: "a name that somebody has at another server is given",
    file: "actors/chat/cluster/registry.ts",
    from: 'if (by !== undefined) return { replies: [reply(replyTo, { type: "held", by })] };',
    to: "",
  },
  {
    what: "what a server has not heard is never asked for",
    file: "actors/chat/cluster/room_proxy.ts",
    from: "if (!this.#mirror.take(news)) return this.#catchUp();",
    to: "if (!this.#mirror.take(news)) return;",
  },
];
