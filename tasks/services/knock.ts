/**
 * Knock-knock.
 *
 * @module
 */
import { knockServer } from "../../actors/knock/mod.ts";
import { listenFlags, tcpServerFlags } from "../_cli.ts";
import { knockSection } from "../_demo/knock.ts";
import { lineServerOptions } from "../_server_options.ts";
import { defineService } from "../_service.ts";

/** The manifest. */
export const knock = defineService({
  name: "knock",
  summary: "TCP knock-knock",
  flags: { ...listenFlags({ port: 5007 }), ...tcpServerFlags() },
  behavior: async (options, { world }) => knockServer(await lineServerOptions(options, world)),
  client: () => import("../knock_client.ts"),
  demo: knockSection,
  smoke: { says: ["Knock Knock.."], hears: [/^Whose there\?$/] },
});
