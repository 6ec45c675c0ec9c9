/**
 * A TCP proxy that holds no more than 64 KiB for anybody: while one side does not read, the other is read no
 * further.
 *
 *     deno run --allow-net=127.0.0.1 examples/tcp_proxy.ts 127.0.0.1:8080 7002
 *
 * @module
 */
import { ActorSystem, type Behavior, escalate, type Ref, run } from "@troupe/actors";
import type { Connection, Session, TcpServerCommand } from "@troupe/actors/net";
import { dialer, formatAddress, parseAddress, rawFrames, tcpServer } from "@troupe/actors/net";

/** What one half of a pair tells the other. */
type HalfMessage =
  | { type: "up"; other: Ref<HalfMessage> }
  | { type: "bytes"; bytes: Uint8Array; from: Ref<HalfMessage> }
  | { type: "sent"; to: Ref<HalfMessage> }
  | { type: "taken" }
  | { type: "ended" }
  | { type: "over" };

/**
 * One half: it reads on when the other has sent what it read. Neither waits in a handler: both may be full.
 */
function half(
  connection: Connection<HalfMessage>,
  other?: Ref<HalfMessage>,
): Session<Uint8Array, HalfMessage> {
  const { context, self } = connection;
  let peer = other;
  return {
    frame(bytes) {
      connection.pause();
      // The buffer is the reader's again once this is over, so the other half gets a copy.
      peer?.tell({ type: "bytes", bytes: bytes.slice(), from: self });
    },
    message(message) {
      if (message.type === "over") return connection.end();
      if (message.type === "ended") return connection.endSending();
      if (message.type === "sent") return message.to.tell({ type: "taken" });
      if (message.type === "taken") return connection.resume();
      if (message.type === "up") {
        peer = message.other;
        return connection.resume();
      }
      connection.send(message.bytes);
      const { from } = message;
      context.pipe(connection.drained(), () => ({ type: "sent", to: from }), () => ({ type: "over" }));
    },
    // The one has said all that it had to say, and may still hear.
    ended: () => peer?.tell({ type: "ended" }),
    closed: () => peer?.tell({ type: "over" }),
  };
}

/** Listens, and connects each client to `target` through a dialler of its own. */
export function tcpProxy(
  listen: { hostname: string; port: number },
  target: { hostname: string; port: number },
): Behavior<TcpServerCommand> {
  return (self) =>
    tcpServer<Uint8Array, HalfMessage>({
      address: listen,
      frames: rawFrames,
      greetings: ["HTTP", "TLS"],
      readsWhileCongested: true,
      onListening: (bound) => self.log.info(`Proxy on ${formatAddress(bound)} to ${formatAddress(target)}`),
      session: (client) => {
        client.pause(); // until the other side is there
        client.context.spawn(
          "target",
          dialer<Uint8Array, HalfMessage>({
            address: target,
            reconnect: false,
            readsWhileCongested: true,
            frames: rawFrames,
            session: (connection) => half(connection, client.self),
            up: ({ connection }) => client.self.tell({ type: "up", other: connection }),
            down: () => client.self.tell({ type: "over" }),
          }),
        );
        return half(client);
      },
    })(self);
}

if (import.meta.main) {
  const [target = "127.0.0.1:8080", port = "7002"] = Deno.args;
  const system = new ActorSystem("proxy");
  const listen = { hostname: "127.0.0.1", port: Number(port) };
  system.spawn("proxy", tcpProxy(listen, parseAddress(target)), { onFailure: escalate() });
  await run(system);
}
