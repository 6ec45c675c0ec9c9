/**
 * A system with an inspector, and a page that is no browser.
 *
 * @module
 */
import { clusterOf } from "../../actors/cluster/mod.ts";
import { EventFeed, inspector, SystemMetrics } from "../../actors/inspect/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { ActorSystem, escalate } from "../../mod.ts";
import type { InspectorCommand, InspectorEvent, InspectorNews } from "../../protocols/inspector.ts";
import { deadline, until } from "../_helpers.ts";

/** A system that is looked into. */
export interface Inspected extends AsyncDisposable {
  readonly system: ActorSystem;
  readonly port: number;
}

/** Starts a system with an inspector, whose log nobody reads. */
export async function inspected(token?: string): Promise<Inspected> {
  const world = denoWorld({ log: { level: "info", write: () => {} } });
  const metrics = new SystemMetrics();
  const feed = new EventFeed(() => world.clock.now());
  const system = new ActorSystem("demo", {
    world: { ...world, log: feed.listeningTo(world.log, "demo") },
    instruments: metrics.instruments,
  });
  const { promise, resolve } = Promise.withResolvers<number>();
  const door = inspector({
    ...{ system, metrics, feed, cluster: () => clusterOf(system) },
    address: { hostname: "127.0.0.1", port: 0 },
    ...(token === undefined ? {} : { token }),
    onListening: ({ port }) => resolve(port),
  });
  system.spawn("inspect", door, { onFailure: escalate() });
  const port = await deadline(promise, undefined, "the inspector");
  return { system, port, [Symbol.asyncDispose]: () => system.stop() };
}

/** What a browser's page does, without the browser. */
export class TestPage implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #closed = Promise.withResolvers<CloseEvent>();
  /** All that it was told. */
  readonly events: InspectorEvent[] = [];

  constructor(port: number, query = "") {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}/changes${query}`);
    this.#socket.onmessage = ({ data }) => void this.events.push(JSON.parse(String(data)));
    this.#socket.onclose = (event) => this.#closed.resolve(event);
  }

  /** The inspector has closed it, or not let it in. */
  get isClosed(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED;
  }

  /** Waits until it was told something. */
  async told<T extends InspectorEvent["type"]>(
    type: T,
    isWanted: (event: Extract<InspectorEvent, { type: T }>) => boolean = () => true,
  ): Promise<Extract<InspectorEvent, { type: T }>> {
    const isOf = (event: InspectorEvent): event is Extract<InspectorEvent, { type: T }> =>
      event.type === type;
    const find = () => this.events.filter(isOf).findLast(isWanted);
    await until(() => find() !== undefined, `the page is told ${type}`);
    const found = find();
    if (found === undefined) throw new Error("it was there a moment ago");
    return found;
  }

  /** All news of one kind so far. */
  news<K extends Exclude<keyof InspectorNews, "missed">>(kind: K): InspectorNews[K][number][] {
    return this.events.flatMap((event) => event.type === "news" ? [...event.news[kind]] : []);
  }

  send(command: InspectorCommand): void {
    this.sendText(JSON.stringify(command));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** Resolves when the inspector has closed it. */
  closed(): Promise<CloseEvent> {
    return deadline(this.#closed.promise, undefined, "the page's close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.closed();
  }
}
