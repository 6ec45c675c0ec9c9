/**
 * The listener of the chat's page.
 *
 * @module
 */
import {
  formatAddress,
  httpServer,
  type HttpServerOptions,
  type StaticFiles,
  staticRoute,
  type TcpServerCommand,
} from "../net/mod.ts";
import type { Behavior } from "../runtime/mod.ts";
import { errorText, type SocketAddress, WorldError } from "../world/world.ts";
import { webDoor } from "./doors/web.ts";
import type { ChatServices } from "./member.ts";
import type { MemberMessage } from "./messages.ts";

/** Options of the chat's door for browsers. */
export interface ChatWebOptions
  extends Pick<HttpServerOptions, "address" | "tls" | "hosts" | "origins" | "limits" | "drainMs"> {
  /** The page's files. @default no page, the WebSocket alone */
  readonly pages?: StaticFiles;
  /** Nobody has asked for this door: where its port is taken, the chat goes on without it. @default false */
  readonly isOptional?: boolean;
  /** Told the real address as soon as the door is open. */
  readonly onListening?: (address: SocketAddress) => void;
}

/** Serves the page at `/` and its WebSocket at `/chat`. */
export function webServer(services: ChatServices, options: ChatWebOptions): Behavior<TcpServerCommand> {
  const { pages, isOptional = false } = options;
  return async (self) => {
    const server = httpServer<MemberMessage>({
      ...options,
      routes: [
        { path: "/chat", webSocket: webDoor(services), maxMessageBytes: 65_536 },
        ...(pages === undefined ? [] : [staticRoute("/*", pages)]),
      ],
      onListening: (bound) => {
        const line = `Web door listening on ${formatAddress(bound)}`;
        if (isOptional) self.log.debug(line);
        else self.log.info(line, { ...bound, door: "web" });
        options.onListening?.(bound);
      },
    });
    try {
      return await server(self);
    } catch (error) {
      if (!isOptional || !(error instanceof WorldError && error.kind === "address-in-use")) throw error;
      self.log.debug(`The web door stays closed: ${errorText(error)}; --web-port opens it at another port`);
      self.stop();
      return () => {};
    }
  };
}
