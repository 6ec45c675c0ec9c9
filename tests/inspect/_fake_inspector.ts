/**
 * A peer that answers as an inspector does, and then says what it likes.
 *
 * @module
 */

/** Says `first` to each WebSocket, and once it is asked for something `then`, over and over. */
export class FakeInspector implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #sockets = new Set<WebSocket>();
  readonly #timers = new Set<ReturnType<typeof setInterval>>();

  constructor(first: readonly string[], then: readonly string[] = []) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      if (request.headers.get("upgrade") === null) return new Response('{"path":"/fake"}');
      const { socket, response } = Deno.upgradeWebSocket(request);
      this.#sockets.add(socket);
      socket.onopen = () => first.forEach((text) => socket.send(text));
      socket.onmessage = () => {
        const say = () => {
          if (socket.readyState === WebSocket.OPEN) then.forEach((text) => socket.send(text));
        };
        this.#timers.add(setInterval(say, 20));
      };
      socket.onerror = (event) => event.preventDefault();
      return response;
    });
  }

  get address(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.close();
    await this.#server.shutdown();
  }
}
