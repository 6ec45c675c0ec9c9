/**
 * The clock.
 *
 * @module
 */
import { clockServer } from "../../actors/clock/mod.ts";
import { listenFlags, toggle } from "../_cli.ts";
import { clockSection } from "../_demo/clock.ts";
import { datagramFlags, datagramServerOptions } from "../_server_options.ts";
import { defineService } from "../_service.ts";

/** The manifest. */
export const clock = defineService({
  name: "clock",
  summary: "UDP date and time",
  transport: "udp",
  flags: {
    ...listenFlags({ port: 5005 }),
    ...datagramFlags(),
    utc: toggle({ help: "Tell UTC rather than local time" }),
  },
  behavior: (options) => clockServer({ ...datagramServerOptions(options), utc: options.utc }),
  client: () => import("../clock_client.ts"),
  demo: clockSection,
  smoke: { says: ["SEND_DATE"], hears: [/^\d{4,}-\d\d-\d\d$/] },
});
