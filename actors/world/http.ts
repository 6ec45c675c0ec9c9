/**
 * HTTP, as a world serves it.
 *
 * @module
 */
import type { SocketAddress } from "./address.ts";

/** Answers one request; `remote` is where it came from. A handler that fails is answered with status 500. */
export type HttpHandler = (
  request: Request,
  remote: SocketAddress,
) => Response | Promise<Response>;

/** An HTTP server that is serving. */
export interface HttpServer {
  /** Where it really is: the port that was taken for 0. */
  readonly address: SocketAddress;
  /** Stops accepting, lets running requests finish, and resolves. */
  close(): Promise<void>;
}
