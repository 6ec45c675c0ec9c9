/**
 * `CHATHISTORY` of IRC clients: the draft of IRCv3.
 *
 * @module
 */
import { MAX_HISTORY_LINES } from "../../../protocols/chat.ts";
import { formatIrcBody } from "../../../protocols/irc.ts";
import type { HistoryPoint, HistoryQuery } from "../history_entry.ts";
import { isoTime } from "./irc_codec.ts";
import { type IrcClient, type IrcCommands, middle, roomName } from "./irc_client.ts";
import type { Reply } from "./irc_reply.ts";

/** The commands of this module. */
export const HISTORY_COMMANDS: IrcCommands = {
  CHATHISTORY: { run: (client, { params }, reply) => chatHistory(client, params, reply) },
};

function chatHistory(client: IrcClient, params: readonly string[], reply: Reply): void {
  const [subcommand = "", target = ""] = params;
  const fail = (code: string, ...rest: readonly string[]) => {
    reply.server(
      "FAIL",
      "CHATHISTORY",
      code,
      ...rest.map((word, index) => index < rest.length - 1 ? middle(word) : word),
    );
  };
  const wanted = subcommand.toUpperCase();
  if (wanted === "TARGETS") {
    const span = parseSpan(params.slice(1));
    return span === null
      ? fail("INVALID_PARAMS", subcommand, "Unknown subcommand or parameters")
      : targets(client, span, reply);
  }
  const query = parseQuery(wanted, params.slice(2));
  if (query === null) return fail("INVALID_PARAMS", subcommand, "Unknown subcommand or parameters");
  const name = roomName(target);
  if (name === null || client.member.joined(name) === undefined) {
    return fail("INVALID_TARGET", subcommand, target, "Messages could not be retrieved");
  }
  client.member.toRoom(
    client.person,
    name,
    (asker) => ({ ...asker, type: "get-history", query }),
    (answer) => {
      if (answer.type !== "entries") {
        return fail(
          "MESSAGE_ERROR",
          subcommand,
          target,
          "Messages could not be retrieved",
        );
      }
      const channel = `#${answer.title}`;
      batch(client, reply, "chathistory", [channel], (id) => {
        return answer.entries.flatMap((entry) => client.codec.entry(channel, entry, id));
      });
    },
  );
}

/** Two times, neither of which belongs to it, and how many are wanted from the side of the first. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

function parseSpan([first = "", second = "", third = ""]: readonly string[]): Span | null {
  const [from, to, limit] = [parsePoint(first), parsePoint(second), parseLimit(third)];
  if (from === null || to === null || limit === null || "id" in from || "id" in to) return null;
  return { fromMs: from.timeMs, toMs: to.timeMs, limit };
}

/** The client's channels whose last line is of a span, in the order of these lines. */
function targets(client: IrcClient, { fromMs, toMs, limit }: Span, reply: Reply): void {
  const [startMs, endMs] = [Math.min(fromMs, toMs), Math.max(fromMs, toMs)];
  const found: { readonly channel: string; readonly timeMs: number }[] = [];
  const end = () => {
    found.sort((one, other) => one.timeMs - other.timeMs);
    const shown = fromMs <= toMs ? found.slice(0, limit) : found.slice(-limit);
    batch(client, reply, "draft/chathistory-targets", [], (id) => {
      return shown.map(({ channel, timeMs }) => ({
        tags: [["batch", id]],
        body: formatIrcBody(client.server.name, "CHATHISTORY", "TARGETS", channel, isoTime(timeMs)),
      }));
    });
  };
  const { rooms } = client.member;
  let missing = rooms.length;
  if (missing === 0) return end();
  for (const { name } of rooms) {
    client.member.toRoom(
      client.person,
      name,
      (asker) => ({ ...asker, type: "get-history", query: { type: "latest", limit: 1 } }),
      (answer) => {
        const last = answer.type === "entries" ? answer.entries.at(-1) : undefined;
        if (answer.type === "entries" && last !== undefined && startMs < last.timeMs && last.timeMs < endMs) {
          found.push({ channel: `#${answer.title}`, timeMs: last.timeMs });
        }
        if (--missing === 0) end();
      },
    );
  }
}

function batch(
  client: IrcClient,
  reply: Reply,
  type: string,
  params: readonly string[],
  lines: (id: string) => Parameters<Reply["add"]>[0],
): void {
  const id = client.nextBatch();
  const { name } = client.server;
  if (!client.capabilities.has("batch")) {
    return reply.add(
      lines(id).map(({ tags, body }) => ({ tags: tags.filter(([key]) => key !== "batch"), body })),
    );
  }
  reply.add([
    { tags: [], body: formatIrcBody(name, "BATCH", `+${id}`, type, ...params) },
    ...lines(id),
    { tags: [], body: formatIrcBody(name, "BATCH", `-${id}`) },
  ]);
}

function parseQuery(subcommand: string, params: readonly string[]): HistoryQuery | null {
  const [first = "", second = "", third = ""] = params;
  switch (subcommand) {
    case "LATEST": {
      const limit = parseLimit(second);
      if (limit === null) return null;
      if (first === "*") return { type: "latest", limit };
      const after = parsePoint(first);
      return after === null ? null : { type: "latest", after, limit };
    }
    case "BEFORE":
    case "AFTER":
    case "AROUND": {
      const [point, limit] = [parsePoint(first), parseLimit(second)];
      if (point === null || limit === null) return null;
      const type = subcommand === "BEFORE" ? "before" : subcommand === "AFTER" ? "after" : "around";
      return { type, point, limit };
    }
    case "BETWEEN": {
      const [from, to, limit] = [parsePoint(first), parsePoint(second), parseLimit(third)];
      return from === null || to === null || limit === null ? null : { type: "between", from, to, limit };
    }
    default:
      return null;
  }
}

function parsePoint(text: string): HistoryPoint | null {
  const [, kind, value = ""] = /^(msgid|timestamp)=(.+)$/.exec(text) ?? [];
  if (kind === "msgid") return { id: value };
  const timeMs = Date.parse(value);
  return kind === undefined || Number.isNaN(timeMs) ? null : { timeMs };
}

function parseLimit(text: string): number | null {
  return /^[1-9]\d{0,8}$/.test(text) ? Math.min(Number(text), MAX_HISTORY_LINES) : null;
}
