/**
 * Who is served, and who may be.
 *
 * @module
 */
import type { Ref } from "../runtime/ref.ts";
import type { Places } from "../world/world.ts";
import { addressKey } from "./address_rate.ts";
import { type ConnectionEvent, MAKE_ROOM } from "./_connection_events.ts";
import type { TcpLimits } from "./limits.ts";
import type { Transport } from "./transport.ts";

interface Client {
  readonly connection: Ref<ConnectionEvent>;
  readonly transport: Transport;
  readonly address: string;
  /** It has been told to make room for another: its place is given away. */
  isLeaving: boolean;
}

/** Whether there is room for one more: if not, which limit is reached. */
export type Admission = "admitted" | "server-full" | "address-full";

/** The connections of one server. */
export class Clients {
  readonly #limits: TcpLimits;
  readonly #clients = new Map<Ref<never>, Client>();
  readonly #byAddress = new Map<string, number>();
  /** Those that have been silent for `vanishedMs`, the longest silent first. */
  readonly #silent = new Set<Ref<never>>();
  /** Where others give them away, too. */
  #places: Places | undefined;
  #served = 0;

  constructor(limits: TcpLimits, places?: Places) {
    this.#limits = limits;
    this.#places = places;
  }

  /** How many are served. */
  get size(): number {
    return this.#served;
  }

  /**
   * Looks for a place for one more, who has to be added then; one that has been silent for too long makes
   * room.
   */
  admit(hostname: string): Admission {
    const { maxClients, maxPerAddress } = this.#limits;
    const address = addressKey(hostname);
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (maxPerAddress > 0 && ofAddress >= maxPerAddress && !this.#dismissSilent(address)) {
      return "address-full";
    }
    return this.#take(maxClients) ? "admitted" : "server-full";
  }

  #take(maxClients: number): boolean {
    const places = this.#places;
    if (places === undefined) return this.#served < maxClients || this.#dismissSilent();
    return places.take(maxClients) || (this.#dismissSilent() && places.take(maxClients));
  }

  add(connection: Ref<ConnectionEvent>, transport: Transport): void {
    const address = addressKey(transport.remoteAddress.hostname);
    const client = { connection, transport, address, isLeaving: false };
    this.#clients.set(connection, client);
    // Its shared place was taken when it was admitted.
    this.#count(client, 1);
  }

  /** The connection's actor is gone: so is its transport, however it went. */
  remove(connection: Ref<never>): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    client.transport.close();
    this.#clients.delete(connection);
    this.#silent.delete(connection);
    if (!client.isLeaving) this.#recount(client, -1);
  }

  /** The connection's peer has been silent for `vanishedMs`. */
  silent(connection: Ref<never>): void {
    if (this.#clients.has(connection)) this.#silent.add(connection);
  }

  /**
   * The connection's peer is no longer silent. If it was told to go a moment ago, it stays, and there is one
   * more than should be.
   */
  heard(connection: Ref<never>): void {
    this.#silent.delete(connection);
    const client = this.#clients.get(connection);
    if (client === undefined || !client.isLeaving) return;
    client.isLeaving = false;
    this.#recount(client, 1);
  }

  /** Closes every transport: for those whose actors were never started. */
  close(): void {
    for (const { transport } of this.#clients.values()) transport.close();
    this.#places?.add(-this.#served);
    this.#places = undefined;
  }

  /** Has the longest silent client leave, or the longest silent of one address; says whether there is one. */
  #dismissSilent(address?: string): boolean {
    for (const connection of this.#silent) {
      const client = this.#clients.get(connection);
      if (client === undefined || (address !== undefined && client.address !== address)) continue;
      this.#silent.delete(connection);
      client.isLeaving = true;
      this.#recount(client, -1);
      client.connection.tell(MAKE_ROOM);
      return true;
    }
    return false;
  }

  /** Counts a client whose shared place is taken, or given back, now. */
  #recount(client: Client, change: 1 | -1): void {
    this.#places?.add(change);
    this.#count(client, change);
  }

  #count({ address }: Client, change: 1 | -1): void {
    this.#served += change;
    const count = (this.#byAddress.get(address) ?? 0) + change;
    if (count > 0) this.#byAddress.set(address, count);
    else this.#byAddress.delete(address);
  }
}
