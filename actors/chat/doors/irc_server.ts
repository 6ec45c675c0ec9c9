/**
 * The commands of an IRC client that ask about the server.
 *
 * @module
 */
import {
  CAPABILITIES,
  cleanText,
  type IrcClient,
  type IrcCommands,
  MAX_TEXT_BYTES,
  middle,
} from "./irc_client.ts";
import { MAX_CHANNELS, MAX_KICKS } from "./irc_channels.ts";
import { MAX_MODES } from "./irc_modes.ts";
import { NUMERIC } from "./irc_numerics.ts";
import { MAX_MONITORED } from "./irc_people.ts";
import type { Reply } from "./irc_reply.ts";
import { IRC_TEXTS } from "./irc_texts.ts";
import { MAX_TARGETS } from "./irc_speech.ts";
import { MAX_HISTORY_LINES } from "../../../protocols/chat.ts";
import { MAX_NAME_CHARACTERS } from "../../../protocols/chat_names.ts";
import { MAX_BANS } from "../room_state.ts";

/** What the server can do, as 005 tells it. */
function isupportTokens(network: string): string[] {
  return [
    `AWAYLEN=${MAX_TEXT_BYTES}`,
    "BOT=B",
    "CASEMAPPING=ascii",
    `CHANLIMIT=#:${MAX_CHANNELS}`,
    "CHANMODES=b,k,l,imnst",
    `CHANNELLEN=${MAX_NAME_CHARACTERS + 1}`,
    "CHANTYPES=#",
    `CHATHISTORY=${MAX_HISTORY_LINES}`,
    "ELIST=CMNTU",
    `KICKLEN=${MAX_TEXT_BYTES}`,
    `MAXLIST=b:${MAX_BANS}`,
    `MODES=${MAX_MODES}`,
    `MONITOR=${MAX_MONITORED}`,
    "MSGREFTYPES=msgid,timestamp",
    `NETWORK=${network}`,
    `NICKLEN=${MAX_NAME_CHARACTERS}`,
    "PREFIX=(ov)@+",
    "SAFELIST",
    "STATUSMSG=@+",
    `TARGMAX=JOIN:,KICK:${MAX_KICKS},LIST:,NAMES:${MAX_KICKS},NOTICE:${MAX_TARGETS},PART:,PRIVMSG:${MAX_TARGETS},TAGMSG:${MAX_TARGETS},WHOIS:4`,
    `TOPICLEN=${MAX_TEXT_BYTES}`,
    "UTF8ONLY",
    "WHOX",
  ];
}

/** Tokens of one line of 005. */
const TOKENS_PER_LINE = 13;

/** Everything that a client is told when it has registered, but for the counts. */
export function welcome(client: Pick<IrcClient, "server" | "person">, reply: Reply): void {
  const { server: { name, network, version, createdMs }, person } = client;
  reply.numeric(NUMERIC.RPL_WELCOME, `Welcome to the ${network} Network, ${person.name.text}`);
  reply.numeric(NUMERIC.RPL_YOURHOST, `Your host is ${name}, running version ${version}`);
  reply.numeric(NUMERIC.RPL_CREATED, `This server was created ${new Date(createdMs).toUTCString()}`);
  reply.numeric(NUMERIC.RPL_MYINFO, name, version, "iB", "bklimnostv", "bklov");
  const tokens = isupportTokens(network);
  for (let start = 0; start < tokens.length; start += TOKENS_PER_LINE) {
    const line = tokens.slice(start, start + TOKENS_PER_LINE);
    reply.numeric(NUMERIC.RPL_ISUPPORT, ...line, "are supported by this server");
  }
}

/** The message of the day. */
export function motd({ server }: Pick<IrcClient, "server">, reply: Reply): void {
  if (server.motd.length === 0) return reply.numeric(NUMERIC.ERR_NOMOTD, "MOTD File is missing");
  reply.numeric(NUMERIC.RPL_MOTDSTART, `- ${server.name} Message of the day -`);
  for (const line of server.motd) reply.numeric(NUMERIC.RPL_MOTD, `- ${line}`);
  reply.numeric(NUMERIC.RPL_ENDOFMOTD, "End of /MOTD command.");
}

/** Whether a command is for this server; says so where not. */
function isForUs(client: IrcClient, target: string | undefined, reply: Reply): boolean {
  if (target === undefined || target === "*" || target === client.server.name) return true;
  if (target === client.person.name.text) return true;
  reply.numeric(NUMERIC.ERR_NOSUCHSERVER, middle(target), "No such server");
  return false;
}

/** The commands of this module. */
export const SERVER_COMMANDS: IrcCommands = {
  MOTD: {
    run(client, { params: [target] }, reply) {
      if (isForUs(client, target, reply)) motd(client, reply);
    },
  },
  VERSION: {
    run(client, { params: [target] }, reply) {
      if (!isForUs(client, target, reply)) return;
      const { name, network, version } = client.server;
      reply.numeric(NUMERIC.RPL_VERSION, version, name, "Troupe");
      const tokens = isupportTokens(network);
      for (let start = 0; start < tokens.length; start += TOKENS_PER_LINE) {
        const line = tokens.slice(start, start + TOKENS_PER_LINE);
        reply.numeric(NUMERIC.RPL_ISUPPORT, ...line, "are supported by this server");
      }
    },
  },
  TIME: {
    run(client, { params: [target] }, reply) {
      if (!isForUs(client, target, reply)) return;
      const nowMs = client.context.world.clock.now();
      reply.numeric(NUMERIC.RPL_TIME, client.server.name, new Date(nowMs).toUTCString());
    },
  },
  INFO: {
    run(client, { params: [target] }, reply) {
      if (!isForUs(client, target, reply)) return;
      reply.numeric(NUMERIC.RPL_INFO, `Troupe ${client.server.version}: actors on the wire`);
      reply.numeric(NUMERIC.RPL_INFO, `Capabilities: ${CAPABILITIES.join(" ")}`);
      reply.numeric(NUMERIC.RPL_ENDOFINFO, "End of INFO list");
    },
  },
  ADMIN: {
    run(client, { params: [target] }, reply) {
      if (!isForUs(client, target, reply)) return;
      reply.numeric(NUMERIC.RPL_ADMINME, client.server.name, "Administrative info");
      reply.numeric(NUMERIC.RPL_ADMINLOC1, client.server.network);
      reply.numeric(NUMERIC.RPL_ADMINLOC2, "Ask whoever runs this server");
      reply.numeric(NUMERIC.RPL_ADMINEMAIL, "No address is given");
    },
  },
  LINKS: {
    run(client, _, reply) {
      const { name, network } = client.server;
      reply.numeric(NUMERIC.RPL_LINKS, name, name, `0 ${network}`);
      reply.numeric(NUMERIC.RPL_ENDOFLINKS, "*", "End of /LINKS list");
    },
  },
  HELP: { run: (_, { params }, reply) => help(params[0], reply) },
  HELPOP: { run: (_, { params }, reply) => help(params[0], reply) },
  PING: {
    run(client, { params: [token] }, reply) {
      if (token === undefined || token === "") {
        return reply.numeric(NUMERIC.ERR_NOORIGIN, "No origin specified");
      }
      reply.server("PONG", client.server.name, token);
    },
  },
  PONG: { flows: true, run() {} },
  OPER: { minParams: 2, run: (_, __, reply) => reply.numeric(NUMERIC.ERR_NOOPERHOST, "No operators here") },
  KILL: {
    minParams: 2,
    run: (_, __, reply) =>
      reply.numeric(NUMERIC.ERR_NOPRIVILEGES, "Permission Denied- You're not an IRC operator"),
  },
  QUIT: {
    run: (client, { params: [reason] }) => client.quit(reason === undefined ? undefined : cleanText(reason)),
  },
  PASS: { run: (_, __, reply) => reply.numeric(NUMERIC.ERR_ALREADYREGISTERED, "You may not reregister") },
  USER: { run: (_, __, reply) => reply.numeric(NUMERIC.ERR_ALREADYREGISTERED, "You may not reregister") },
};

/** The commands that set the texts of a room. */
const TEXTS = Object.values(IRC_TEXTS).map(({ command }) => command).join(", ");

const HELP: Readonly<Record<string, readonly string[]>> = {
  "*": [
    `Say something: PRIVMSG, NOTICE. Rooms: JOIN, PART, ${TEXTS}, NAMES, LIST, INVITE, KICK, MODE.`,
    "People: WHO, WHOIS, WHOWAS, AWAY, ISON, USERHOST, MONITOR. What was said: CHATHISTORY.",
  ],
  JOIN: ["JOIN #room [key]: goes into a room, which is made when it is not there."],
  PRIVMSG: ["PRIVMSG <target>{,<target>} <text>: says a text in a room or to a person."],
};

function help(topic: string | undefined, reply: Reply): void {
  const subject = topic === undefined || topic === "" ? "*" : topic;
  const lines = HELP[subject.toUpperCase()];
  if (lines === undefined) {
    return reply.numeric(NUMERIC.ERR_HELPNOTFOUND, middle(subject), "There is no help on this topic");
  }
  const [first = "", ...rest] = lines;
  reply.numeric(NUMERIC.RPL_HELPSTART, middle(subject), first);
  for (const line of rest) reply.numeric(NUMERIC.RPL_HELPTXT, middle(subject), line);
  reply.numeric(NUMERIC.RPL_ENDOFHELP, middle(subject), "End of /HELP");
}
