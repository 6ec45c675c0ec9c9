/**
 * Sockets as actors: TCP servers and clients whose connections are actors with sessions, and UDP sockets with
 * an actor a peer.
 *
 * @module
 */
export {
  type FrameDecoder,
  FrameError,
  lineFrames,
  type LineFramesOptions,
  rawFrames,
} from "../../protocols/frames.ts";
export { formatAddress, formatHost, parseAddress } from "./address.ts";
export { type LoginPass, LoginRate } from "./login_rate.ts";
export { type LoggingActor, LogThrottle } from "./log_throttle.ts";
export { addressKey, AddressRate, type AddressRateOptions } from "./address_rate.ts";
export type { ConnectionLimits, TcpLimits } from "./limits.ts";
export {
  type DatagramHandler,
  type DatagramPeer,
  datagrams,
  type DatagramsCommand,
  type DatagramsOptions,
} from "./datagrams.ts";
export {
  datagramClient,
  type DatagramClientCommand,
  type DatagramClientOptions,
  type DatagramOutcome,
} from "./datagram_client.ts";
export { datagramServer, type DatagramServerOptions } from "./datagram_server.ts";
export { dialer, type DialerCommand, type DialerDown, type DialerOptions, type DialerUp } from "./dialer.ts";
export { lineServer, type LineServerOptions } from "./line_server.ts";
export type { CloseReason, Connection, Peer, Session, SessionContext, SessionFactory } from "./session.ts";
export { pipe, type PipeOptions } from "./pipe.ts";
export { tcpServer, type TcpServerCommand, type TcpServerOptions } from "./tcp_server.ts";
export { tcpTransport, type Transport } from "./transport.ts";
export { type HttpLimits, httpServer, type HttpServerOptions } from "./http_server.ts";
export { webServer, type WebServerOptions } from "./web_server.ts";
export { jsonResponse, textResponse, withETag } from "./http_response.ts";
export { isSameToken, tokenOf } from "./http_token.ts";
export type {
  HttpRoute,
  Route,
  RoutedRequest,
  WebSocketConnection,
  WebSocketRoute,
  WebSocketSessionFactory,
} from "./http_route.ts";
export {
  loadStaticFiles,
  type StaticFile,
  type StaticFiles,
  staticResponse,
  staticRoute,
} from "./http_static.ts";
export { HttpError, type HttpHeaders, type HttpRequest, type HttpResponse } from "../../protocols/http.ts";
export type { WebSocketMessage } from "../../protocols/web_socket.ts";
export { webSocketDialer, type WebSocketDialerOptions } from "./web_socket_dialer.ts";
