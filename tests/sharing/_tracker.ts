/**
 * The least of a tracker.
 *
 * @module
 */
import { encodeAnnounceResponse } from "../../protocols/tracker.ts";

/** A tracker that tells whoever asks of the same peers, on this machine. */
export class FixedTracker implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(ports: readonly number[], intervalSeconds: number) {
    const peers = ports.map((port) => ({ hostname: "127.0.0.1", port }));
    const answer = encodeAnnounceResponse({
      type: "peers",
      intervalSeconds,
      complete: 1,
      incomplete: 0,
      peers,
    });
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(answer),
    );
  }

  get port(): number {
    return this.#server.addr.port;
  }

  /** Where to announce. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/announce`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}
