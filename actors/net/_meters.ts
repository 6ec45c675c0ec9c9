/**
 * What sockets count of their work. Names and attributes are OpenTelemetry's where it has them.
 *
 * @module
 */
import type { Counter, Meter } from "../runtime/meter.ts";

/** What the connections of one server, or one dialler, count together. */
export interface ConnectionMeters {
  /** Connections that are there now. */
  readonly connections: Counter;
  /** Bytes from peers. */
  readonly received: Counter;
  /** Bytes to peers that the kernel has taken. */
  readonly sent: Counter;
  /** Connections that were cut because the peer did not read. */
  readonly slowClients: Counter;
  /** Frames against the rules, each of which ended its connection. */
  readonly badFrames: Counter;
}

/** Bytes that went through sockets of this kind. */
function byteCounters(
  meter: Meter,
  transport: "tcp" | "udp",
  server: string,
): Pick<ConnectionMeters, "received" | "sent"> {
  const bytes = (direction: "receive" | "transmit") =>
    meter.counter("process.network.io", {
      unit: "By",
      description: "Bytes that went through the sockets of actors.",
      attributes: {
        "network.io.direction": direction,
        "network.transport": transport,
        "troupe.server": server,
      },
    });
  return { received: bytes("receive"), sent: bytes("transmit") };
}

/** Counters for the connections of a server. `server` is the path of its actor. */
export function connectionMeters(meter: Meter, server: string): ConnectionMeters {
  const attributes = { "troupe.server": server };
  return {
    ...byteCounters(meter, "tcp", server),
    connections: meter.upDownCounter("troupe.connections", {
      unit: "{connection}",
      description: "Connections that are served now.",
      attributes,
    }),
    slowClients: meter.counter("troupe.slow_clients", {
      unit: "{connection}",
      description: "Connections that were cut because the peer did not read what it was sent.",
      attributes,
    }),
    badFrames: meter.counter("troupe.frames.refused", {
      unit: "{frame}",
      description: "Frames against the rules, each of which ended its connection.",
      attributes,
    }),
  };
}

/** Connections that a server refused because it was full, or too many came from one address. */
export function refusedCounter(meter: Meter, server: string): Counter {
  return meter.counter("troupe.connections.refused", {
    unit: "{connection}",
    description: "Connections that were refused for want of room.",
    attributes: { "troupe.server": server },
  });
}

/** What a UDP socket counts. */
export interface DatagramMeters extends Pick<ConnectionMeters, "received" | "sent"> {
  /** Datagrams of peers that were too fast. */
  readonly refused: Counter;
}

/** Counters for a UDP socket. `server` is the path of its actor. */
export function datagramMeters(meter: Meter, server: string): DatagramMeters {
  return {
    ...byteCounters(meter, "udp", server),
    refused: meter.counter("troupe.datagrams.refused", {
      unit: "{datagram}",
      description: "Datagrams that were not handled, of addresses that sent too many.",
      attributes: { "troupe.server": server },
    }),
  };
}
