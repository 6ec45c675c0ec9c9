/**
 * Addresses of sockets.
 *
 * @module
 */

/** Where a socket is: an IP address (or, to dial, a name) and a port from 0 to 65535. */
export interface SocketAddress {
  /** An IP address or, to dial, a name. */
  readonly hostname: string;
  /** 0 to 65535. */
  readonly port: number;
}
