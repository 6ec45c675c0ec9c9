/**
 * The echo.
 *
 * @module
 */
import { echoServer } from "../../actors/echo/mod.ts";
import { listenFlags, serverTls, tcpLimits, tcpServerFlags, toggle } from "../_cli.ts";
import { coresOf } from "../_cores_flag.ts";
import { echoSection } from "../_demo/echo.ts";
import { datagramFlags } from "../_server_options.ts";
import { defineService } from "../_service.ts";

/** An echo has no messages, and so no limit of theirs. */
const { maxFrameBytes: _maxFrameBytes, idleFlushMs: _idleFlushMs, ...limitFlags } = tcpServerFlags({
  maxClients: 10_000,
});

/** The manifest. */
export const echo = defineService({
  name: "echo",
  summary: "Dual-stack TCP echo",
  flags: {
    ...listenFlags({ host: "::", port: 8080 }),
    ...limitFlags,
    udp: toggle({ help: "Answer datagrams too, on the same port" }),
    maxPerSecond: datagramFlags().maxPerSecond,
  },
  check: (options) =>
    options.udp && coresOf(options) > 1
      ? "--udp answers on one socket, and cannot be given with --cores above 1"
      : undefined,
  async behavior(options, { world }) {
    const { host: hostname, port, udp, maxPerSecond, drainMs } = options;
    return echoServer({
      address: { hostname, port },
      udp,
      maxPerSecond,
      limits: tcpLimits(options),
      drainMs,
      ...await serverTls(options, world.disk),
    });
  },
  cores: {},
  client: () => import("../echo_client.ts"),
  demo: echoSection,
  smoke: { says: ["hello"], hears: [/^hello$/] },
});
