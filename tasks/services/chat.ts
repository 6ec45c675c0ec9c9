/**
 * The chat.
 *
 * @module
 */
import { chatServer } from "../../actors/chat/mod.ts";
import type { Cluster } from "../../actors/cluster/mod.ts";
import {
  type ChatCluster,
  coresDriver,
  type EngineChoice,
  engineFlag,
  joinChat,
  onCluster,
} from "../_chat_engine.ts";
import { integer, listenFlags, loginFlags, number, path, port, tcpServerFlags, text } from "../_cli.ts";
import { coresOf } from "../_cores_flag.ts";
import { DATA_RIGHTS, dataFlags, inDataDir, makeDataDir } from "../_data_dir.ts";
import { chatSection } from "../_demo/chat.ts";
import { lineServerOptions } from "../_server_options.ts";
import { defineService, type ServiceContext } from "../_service.ts";
import { loadPages, tellOfWebDoor, webDoorOptions, webFlags } from "../_web_flags.ts";

const WEB_PORT = 8089;

/** What several cores keep what they share by, where nothing else is said. */
const MEMORY: EngineChoice = { kind: "memory", text: "memory", rest: "" };

/** The servers that wait for the cluster that their system joins. */
const joining = new WeakMap<ServiceContext, (joined: ChatCluster) => void>();

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
    engine: engineFlag(),
  },
  examples: ["", "--history chat.log --rate 0", "--engine nats://127.0.0.1:4222"],
  check({ engine, history, ...others }) {
    const cores = coresOf(others);
    if (history !== undefined && cores > 1) {
      return "--history is for a server on one core; several keep it by --engine sqlite:FILE";
    }
    if (history !== undefined && engine !== undefined) {
      return "--history is for a server without --engine, which keeps the history itself";
    }
    return cores > 1 && engine?.kind === "nats"
      ? "--cores shares one engine among its threads, which is memory or sqlite:FILE"
      : undefined;
  },
  cores: { driver: coresDriver },
  rights: DATA_RIGHTS,
  async behavior(options, context) {
    const { world } = context;
    await makeDataDir(options, world);
    const server = await lineServerOptions(options, world);
    const ircAddress = { hostname: options.host, port: options.ircPort ?? 0 };
    const door = webDoorOptions(options, WEB_PORT, server.tls);
    const pages = door === undefined ? undefined : await loadPages(world, "chat");
    const serverOf = (cluster?: Cluster) =>
      chatServer({
        ...server,
        ...(cluster === undefined ? {} : { cluster }),
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
    if (options.engine === undefined && context.core === undefined) return serverOf();
    const { promise, resolve } = Promise.withResolvers<ChatCluster>();
    joining.set(context, resolve);
    return onCluster(promise, serverOf);
  },
  async prepare(system, options, context) {
    const { dataDir, drainMs } = options;
    const { core } = context;
    const { engine = core && MEMORY } = options;
    if (engine === undefined) return;
    joining.get(context)?.(await joinChat(system, { engine, dataDir, drainMs, core }));
  },
  client: () => import("../chat_client.ts"),
  demo: chatSection,
  smoke: { says: ["ann", "/who", "quit"], hears: [/^In lobby: ann$/] },
});
