/**
 * The chat.
 *
 * @module
 */
import { chatServer } from "../../actors/chat/mod.ts";
import { integer, listenFlags, loginFlags, number, path, port, tcpServerFlags, text } from "../_cli.ts";
import { DATA_RIGHTS, dataFlags, inDataDir, makeDataDir } from "../_data_dir.ts";
import { chatSection } from "../_demo/chat.ts";
import { lineServerOptions } from "../_server_options.ts";
import { defineService } from "../_service.ts";
import { loadPages, tellOfWebDoor, webDoorOptions, webFlags } from "../_web_flags.ts";

const WEB_PORT = 8089;

/** The manifest. */
export const chat = defineService({
  name: "chat",
  summary: "Chat room",
  flags: {
    ...listenFlags({ port: 5000 }),
    ...tcpServerFlags(),
    ...loginFlags(),
    ...dataFlags(),
    rate: number({ help: "Lines a second that one client may send; 0 is no limit", min: 0, default: 10 }),
    burst: integer({ help: "Lines that one client may send at once", min: 1, default: 20 }),
    ...webFlags({ port: WEB_PORT }),
    ircPort: port({ help: "Port of the door for IRC clients; 6667 is usual" }),
    ircName: text({ help: "What the IRC server calls itself", value: "NAME", default: "troupe.chat" }),
    history: path({ help: "Keep what is said, so that it is there after a restart", value: "FILE" }),
  },
  examples: ["", "--history chat.log --rate 0"],
  rights: DATA_RIGHTS,
  async behavior(options, { world }) {
    await makeDataDir(options, world);
    const server = await lineServerOptions(options, world);
    const ircAddress = { hostname: options.host, port: options.ircPort ?? 0 };
    const door = webDoorOptions(options, WEB_PORT, server.tls);
    const pages = door === undefined ? undefined : await loadPages(world, "chat");
    return chatServer({
      ...server,
      ...(door === undefined ? {} : {
        web: {
          ...door,
          ...(pages === undefined ? {} : { pages }),
          onListening: (address) => tellOfWebDoor(world, door, address, pages !== undefined),
        },
      }),
      ...(options.ircPort === undefined ? {} : {
        irc: {
          address: ircAddress,
          serverName: options.ircName,
          ...(server.tls === undefined ? {} : { tls: server.tls }),
        },
      }),
      rate: { perSecond: options.rate, burst: options.burst },
      ...(options.history === undefined ? {} : { historyFile: inDataDir(options, options.history) }),
    });
  },
  client: () => import("../chat_client.ts"),
  demo: chatSection,
  smoke: { says: ["ann", "/who", "quit"], hears: [/^In lobby: ann$/] },
});
