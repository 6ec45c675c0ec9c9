/**
 * One answer, of those of all servers.
 *
 * @module
 */
import { sharesKey } from "../../../protocols/chat_names.ts";
import type { Answer, PersonStatus, RoomSummary } from "../messages.ts";
import type { NamesCommand, RoomsCommand } from "../owner_messages.ts";
import type { People } from "./people.ts";

/** What can be asked of all servers. */
export type Question =
  | Extract<NamesCommand, { readonly type: "find" | "search" | "find-former" | "count" }>
  | Extract<RoomsCommand, { readonly type: "list" }>;

/** The answer to a question, of the answers of all servers. */
export function mergeAnswers(question: Question, answers: readonly Answer[], people: People): Answer {
  const statuses = (): PersonStatus[] =>
    answers.flatMap((answer) => answer.type === "people" ? answer.people : [])
      .map((status) => ({ ...status, person: people.same(status.person) }));
  switch (question.type) {
    case "find": {
      const found = statuses();
      // In the order of the names, as one server has it.
      const inOrder = question.names.flatMap((name) => {
        const status = found.find(({ person }) => sharesKey(person.name, name));
        return status === undefined ? [] : [status];
      });
      return { type: "people", people: inOrder };
    }
    case "search":
      return { type: "people", people: statuses() };
    case "find-former": {
      const former = answers.flatMap((answer) => answer.type === "former" ? answer.people : []);
      return {
        type: "former",
        people: former.map(({ person, leftMs }) => ({ person: people.same(person), leftMs }))
          .sort((one, other) => other.leftMs - one.leftMs),
      };
    }
    case "count":
      return mergeCounts(answers);
    case "list":
      return { type: "rooms", rooms: mergeRooms(answers) };
  }
}

function mergeCounts(answers: readonly Answer[]): Answer {
  const sum = { people: 0, invisible: 0, nameless: 0 };
  let mostPeople = 0;
  for (const answer of answers) {
    if (answer.type !== "counts") continue;
    sum.people += answer.people;
    sum.invisible += answer.invisible;
    sum.nameless += answer.nameless;
    mostPeople = Math.max(mostPeople, answer.mostPeople);
  }
  return { type: "counts", ...sum, mostPeople: Math.max(mostPeople, sum.people) };
}

/** Each server knows all of a room that somebody of its own is in; some have heard of more than others. */
function mergeRooms(answers: readonly Answer[]): RoomSummary[] {
  const rooms = new Map<string, RoomSummary>();
  for (const answer of answers) {
    if (answer.type !== "rooms") continue;
    for (const room of answer.rooms) {
      const known = rooms.get(room.title);
      if (known === undefined || known.members < room.members) rooms.set(room.title, room);
    }
  }
  return [...rooms.values()];
}
