/**
 * What members are answered by a room of all servers.
 *
 * @module
 */
import type { Ref } from "../../runtime/mod.ts";
import { fittingEntries, type HistoryEntry, selectEntries } from "../history_entry.ts";
import type { Answer, Asker, RoomCommand } from "../messages.ts";
import { outsiderRefusal, type RoomAnswer } from "../room_rules.ts";
import type { BatchReply } from "./room_entity_state.ts";
import type { RoomMirror } from "./room_mirror.ts";
import type { Deed, Look } from "./room_queue.ts";

/** Answers members, who have been told by then what came before. */
export class RoomAnswers {
  readonly #mirror: RoomMirror;
  readonly #room: Ref<RoomCommand>;

  /** `room` is what the members of this server know as the room. */
  constructor(mirror: RoomMirror, room: Ref<RoomCommand>) {
    this.#mirror = mirror;
    this.#room = room;
  }

  /** To what the room has done. */
  done(deeds: readonly Deed[], reply: Extract<BatchReply, { readonly type: "done" }>): void {
    const answers = new Map(reply.answers);
    for (const [place, deed] of deeds.entries()) {
      if (!("request" in deed)) continue;
      const answer: RoomAnswer = answers.get(place) ?? { type: "done" };
      // What it has said, it was told.
      if (deed.type === "say" && answer.type === "done" && this.#mirror.has(deed.person.member)) continue;
      if (deed.type === "invite" && answer.type === "done") this.#invite(deed);
      if (answer.type !== "entered") this.answer(deed, answer);
      else this.answer(deed, { type: "joined", view: this.#mirror.view(this.#room) });
    }
  }

  #invite({ person: by, target }: Extract<Deed, { readonly type: "invite" }>): void {
    const { title, keys } = this.#mirror.view(this.#room);
    target.member.tell({ type: "invited", by, room: title, roomKeys: keys });
  }

  /** To who asks for the history. */
  history(
    command: Extract<RoomCommand, { readonly type: "get-history" }>,
    entries: readonly HistoryEntry[],
  ): void {
    const { title } = this.#mirror.view(this.#room);
    const selected = fittingEntries(selectEntries(entries, command.query));
    this.answer(command, { type: "entries", title, entries: selected });
  }

  /** To who looks at the room, or is in it already. */
  look(command: Look | Deed): void {
    if (!("request" in command)) return;
    const { state } = this.#mirror;
    const view = this.#mirror.view(this.#room);
    const { member } = command.person;
    const isMember = state.members.has(member);
    if (command.type !== "get-view" && command.type !== "get-bans") {
      this.answer(command, { type: "joined", view });
    } else if (view.modes.isSecret && !isMember) {
      this.answer(command, outsiderRefusal(state, member, view.title));
    } else if (command.type === "get-view") this.answer(command, { type: "view", view, isMember });
    else this.answer(command, { type: "bans", title: view.title, bans: state.bans });
  }

  /** To who cannot be given an answer. */
  unavailable(asker: Asker): void {
    this.answer(asker, { type: "refused", reason: "unavailable" });
  }

  /** Answers one who asks. */
  answer({ person, request }: Asker, answer: Answer): void {
    if (request > 0) person.member.tell({ type: "answer", request, answer });
  }
}
