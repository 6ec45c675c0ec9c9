/**
 * A client of the editor's web door that speaks the protocol by hand.
 *
 * @module
 */
import { decodeYMessage, encodeYMessage, type YMessage } from "../../protocols/y_sync.ts";
import { until } from "../_helpers.ts";

/** A client that speaks the protocol by hand. */
export class Raw {
  readonly ws: WebSocket;
  readonly got: YMessage[] = [];
  readonly closed: Promise<CloseEvent>;

  constructor(url: string) {
    this.ws = new WebSocket(url);
    this.ws.binaryType = "arraybuffer";
    this.ws.onmessage = ({ data }) => void this.got.push(decodeYMessage(new Uint8Array(data)));
    this.ws.onerror = (event) => event.preventDefault();
    this.closed = new Promise((resolve) => this.ws.onclose = resolve);
  }

  static async open(url: string): Promise<Raw> {
    const raw = new Raw(url);
    await until(() => raw.got.length > 0, "the server's first message");
    return raw;
  }

  send(message: YMessage): void {
    this.ws.send(encodeYMessage(message));
  }

  async end(): Promise<void> {
    this.ws.close();
    await this.closed;
  }
}
