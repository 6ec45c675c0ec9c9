import { echoServer } from "../../actors/echo/mod.ts";
import { formatAddress } from "../../actors/net/mod.ts";
import type { Section } from "./section.ts";

/** The echo. */
export const echoSection: Section = {
  name: "echo",
  title: "Echo (TCP, IPv4 and IPv6)",
  about: "Every byte comes back, to clients of both families on one port.",
  async play(stage) {
    const here = await stage.serve("server", ({ address, onListening }) =>
      // Where there is no IPv6, the server says so and serves IPv4 alone.
      echoServer({ address: { ...address, hostname: "::" }, onListening }));
    const hosts = here.hostname === "::" ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
    for (const hostname of hosts) {
      const address = { hostname, port: here.port };
      const client = await stage.client(address);
      stage.note(`a client connects to ${formatAddress(address)}`);
      for (const text of ["hello, echo", "línea – 行 – 🎭"]) {
        stage.send("client", client, text);
        await stage.hears("client", client, text);
      }
    }
  },
};
