/**
 * The door of a service for browsers: a web server that a service has beside its own listener.
 *
 * @module
 */
import type { Behavior } from "../runtime/behavior.ts";
import { errorText, WorldError } from "../world/world.ts";
import { formatAddress } from "./address.ts";
import { httpServer, type HttpServerOptions } from "./http_server.ts";
import type { StaticFiles } from "./http_static.ts";
import type { TcpServerCommand } from "./tcp_server.ts";

/** What every service takes for its door for browsers. */
export interface WebServerOptions extends Omit<HttpServerOptions, "routes" | "isReady"> {
  /** The page's files. @default no page */
  readonly pages?: StaticFiles;
  /**
   * Nobody has asked for this door: what is told of it is told at debug level, and where its port is taken
   * the service goes on without it. @default false
   */
  readonly isOptional?: boolean;
}

/**
 * Serves `routes` at a service's door for browsers, and logs where.
 *
 * The start throws what {@linkcode httpServer} throws, but for a port that is taken where the door is
 * optional: that door stays closed.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { textResponse, webServer } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("web");
 * const { promise: listening, resolve } = Promise.withResolvers<number>();
 * const door = webServer(
 *   { address: { hostname: "127.0.0.1", port: 0 }, onListening: ({ port }) => resolve(port) },
 *   [{ method: "GET", path: "/", handle: () => textResponse(200, "Come in") }],
 * );
 * system.spawn("web", door, { onFailure: escalate() });
 *
 * const response = await fetch(`http://127.0.0.1:${await listening}/`);
 * assertEquals(await response.text(), "Come in");
 * ```
 */
export function webServer<M = never>(
  options: WebServerOptions,
  routes: HttpServerOptions<M>["routes"],
): Behavior<TcpServerCommand> {
  const { isOptional = false, onListening } = options;
  return async (self) => {
    const server = httpServer<M>({
      ...options,
      routes,
      onListening: (address) => {
        const line = `Web door listening on ${formatAddress(address)}`;
        self.log[isOptional ? "debug" : "info"](line, { event: "listening", ...address, door: "web" });
        onListening?.(address);
      },
    });
    try {
      return await server(self);
    } catch (error) {
      if (!isOptional || !(error instanceof WorldError && error.kind === "address-in-use")) throw error;
      const why = errorText(error);
      self.log.debug(`The web door stays closed: ${why}; --web-port opens it at another port`, {
        event: "door-closed",
        door: "web",
        error,
      });
      self.stop();
      return () => {};
    }
  };
}
