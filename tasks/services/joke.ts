/**
 * The joke.
 *
 * @module
 */
import { jokeServer } from "../../actors/joke/mod.ts";
import { listenFlags } from "../_cli.ts";
import { jokeSection } from "../_demo/joke.ts";
import { datagramFlags, datagramServerOptions } from "../_server_options.ts";
import { defineService } from "../_service.ts";

/** The manifest. */
export const joke = defineService({
  name: "joke",
  summary: "UDP one-liner",
  transport: "udp",
  flags: { ...listenFlags({ port: 5006 }), ...datagramFlags() },
  behavior: (options) => jokeServer(datagramServerOptions(options)),
  client: () => import("../joke_client.ts"),
  demo: jokeSection,
  smoke: { says: ["a joke"], hears: [/^Ok$/] },
});
