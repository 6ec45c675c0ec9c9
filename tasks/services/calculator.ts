/**
 * The calculator.
 *
 * @module
 */
import { calculatorServer } from "../../actors/calculator/mod.ts";
import { listenFlags, loginFlags, tcpServerFlags } from "../_cli.ts";
import { calculatorSection } from "../_demo/calculator.ts";
import { lineServerOptions } from "../_server_options.ts";
import { defineService } from "../_service.ts";

/** The manifest. */
export const calculator = defineService({
  name: "calculator",
  summary: "TCP calculator with a session per client",
  flags: { ...listenFlags({ port: 5008 }), ...tcpServerFlags(), ...loginFlags() },
  behavior: async (options, { world }) => calculatorServer(await lineServerOptions(options, world)),
  cores: {},
  client: () => import("../calculator_client.ts"),
  demo: calculatorSection,
  smoke: { says: ["Adarsh", "12 + 13", "q"], hears: [/^25\.0$/, /^Session ended$/] },
});
