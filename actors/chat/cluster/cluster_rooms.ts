/**
 * Which rooms there are, where the rooms are those of many servers: each server reaches the rooms that its
 * members are in by an actor a room, and the registry says which spelling of a name is which room.
 *
 * @module
 */
import { LOBBY } from "../../../protocols/chat.ts";
import { type ChatName, parseChatName, sharesKey } from "../../../protocols/chat_names.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import { randomName } from "../../cluster/names.ts";
import { type Behavior, type Context, type Ref, stop, withPrivateMessages } from "../../runtime/mod.ts";
import type { World } from "../../world/world.ts";
import type { Answer, Asker, RoomCommand } from "../messages.ts";
import type { RoomsCommand } from "../owner_messages.ts";
import type { CensusCommand, ListHere, ServerGone } from "./census.ts";
import type { People } from "./people.ts";
import { type ClaimReply, type Holder, type RegistryCommand, registryType } from "./registry.ts";
import type { RoomMirror } from "./room_mirror.ts";
import { roomProxy } from "./room_proxy.ts";
import type { RoomProxyNews } from "./room_proxy_options.ts";
import type { ServerSession } from "./session.ts";

/** Options of {@linkcode clusterRooms}. */
export interface ClusterRoomsOptions {
  readonly cluster: Cluster;
  readonly session: ServerSession;
  readonly people: People;
  readonly census: Ref<CensusCommand>;
}

/** The id of the entity that has the names of rooms. */
const ROOMS = "rooms";
const ASK_MS = 2000;
const AGAIN_MS = 200;
const UNANSWERED_MS = 12_000;
const MAX_ID_BYTES = 100;

/** Everybody's room: it has its own name however it is written, and nobody founds it. */
const THE_LOBBY = parseChatName(LOBBY);

/** What is sent to a room by its name. */
type ByName = Extract<RoomsCommand, { readonly type: "join" | "to-room" | "quit-room" }>;

type Private =
  | RoomProxyNews
  /** Which room it is: `null` where there is none, undefined where nobody knows. */
  | { readonly type: "found"; readonly search: Search; readonly name: ChatName | null | undefined }
  | { readonly type: "search"; readonly search: Search }
  | { readonly type: "room-stopped"; readonly entry: Entry };

/** Messages to a room of which it is not known yet which it is. */
interface Search {
  readonly room: ChatName;
  readonly waiting: ByName[];
  readonly operationId: string;
  readonly endsAtMs: number;
}

/** A room that this server reaches. */
interface Entry {
  readonly id: string;
  readonly name: ChatName;
  readonly ref: Ref<RoomCommand | ServerGone>;
  mirror: RoomMirror | undefined;
  /** The registry has its name. */
  isClaimed: boolean;
  sent: number;
}

/** What the rooms of a server can be told. */
export type ClusterRoomsCommand = RoomsCommand | ListHere | ServerGone;

/** The rooms of all servers, as the members of this one reach them. */
export function clusterRooms(options: ClusterRoomsOptions): Behavior<ClusterRoomsCommand> {
  return withPrivateMessages<ClusterRoomsCommand, Private>((self) => {
    const rooms = new ClusterRooms(self, options);
    return (message) => rooms.receive(message);
  });
}

class ClusterRooms {
  readonly #self: Context<ClusterRoomsCommand | Private>;
  readonly #options: ClusterRoomsOptions;
  readonly #registry: Ref<RegistryCommand>;
  /** Each under all of its name's keys. */
  readonly #byKey = new Map<string, Entry>();
  readonly #byRef = new Map<Ref<RoomCommand>, Entry>();
  /** By the first key of the name that was asked for. */
  readonly #searches = new Map<string, Search>();
  #made = 0;

  constructor(self: Context<ClusterRoomsCommand | Private>, options: ClusterRoomsOptions) {
    this.#self = self;
    this.#options = options;
    this.#registry = options.cluster.ref(registryType, ROOMS);
    options.census.tell({ type: "rooms", rooms: self.self });
  }

  receive(message: ClusterRoomsCommand | Private): void {
    switch (message.type) {
      case "join":
      case "to-room":
      case "quit-room":
        return this.#byName(message);
      case "list":
        return this.#options.census.tell({ type: "ask-all", question: message });
      case "list-here":
        return this.#listHere(message);
      case "server-gone":
        for (const entry of this.#byRef.values()) this.#send(entry, message);
        return;
      case "found":
        return this.#found(message.search, message.name);
      case "search":
        return this.#search(message.search);
      case "suspect":
        return this.#options.census.tell(message);
      case "emptied":
        return this.#emptied(message.room);
      case "idle": {
        const entry = this.#byRef.get(message.room);
        if (entry === undefined || entry.sent !== message.handled) return;
        this.#forget(entry);
        return this.#self.stop(entry.ref);
      }
      case "room-changed":
        return;
      case "room-stopped":
        return this.#forget(message.entry);
    }
  }

  #byName(message: ByName): void {
    const { room } = message;
    const isLobby = "keys" in THE_LOBBY && sharesKey(room, THE_LOBBY);
    if (isLobby) return this.#deliver(this.#open(THE_LOBBY), message);
    const key = firstKey(room);
    const search = this.#searches.get(key);
    if (search !== undefined) return void search.waiting.push(message);
    const entry = this.#find(room);
    if (entry !== undefined && (entry.isClaimed || message.type !== "join")) {
      return this.#deliver(entry, message);
    }
    if (message.type === "quit-room") return;
    const begun: Search = {
      room,
      waiting: [message],
      operationId: randomName(this.#self.world.random),
      endsAtMs: this.#self.world.clock.monotonic() + UNANSWERED_MS,
    };
    this.#searches.set(key, begun);
    this.#search(begun);
  }

  /** Asks the registry which room it is: who joins makes one. */
  #search(search: Search): void {
    const { room, waiting, operationId } = search;
    const found = (name: ChatName | null | undefined): Private => ({ type: "found", search, name });
    const lost = () => found(undefined);
    if (waiting[0]?.type !== "join") {
      const asked = this.#registry.ask({ type: "find", keys: room.keys }, { timeoutMs: ASK_MS });
      return this.#self.pipe<Holder | null>(asked, found, lost);
    }
    const holder: Holder = { id: firstKey(room), text: room.text, keys: room.keys };
    this.#self.pipe<ClaimReply>(
      this.#registry.ask({ type: "claim", operationId, holder }, { timeoutMs: ASK_MS }),
      (reply) => found(reply.type === "held" ? reply.by : room),
      lost,
    );
  }

  #found(search: Search, name: ChatName | null | undefined): void {
    const isLate = this.#self.world.clock.monotonic() > search.endsAtMs;
    if (name === undefined && !isLate) {
      this.#self.after(AGAIN_MS, { type: "search", search });
      return;
    }
    this.#searches.delete(firstKey(search.room));
    if (name === null || name === undefined) {
      // Only the first has been looked for: one behind it may make the room.
      const [first, ...others] = search.waiting;
      if (first !== undefined) this.#refuse(first, name === null ? "no-such-room" : "unavailable");
      for (const message of others) this.#byName(message);
      return;
    }
    const { text, keys } = name;
    const entry = this.#open({ text, keys });
    entry.isClaimed = true;
    for (const message of search.waiting) this.#deliver(entry, message);
  }

  #deliver(entry: Entry, message: ByName): void {
    switch (message.type) {
      case "join": {
        const { room: _, ...join } = message;
        return this.#send(entry, join);
      }
      case "to-room":
        return this.#send(entry, message.command);
      case "quit-room":
        return this.#send(entry, message.quit);
    }
  }

  #send(entry: Entry, command: RoomCommand | ServerGone): void {
    entry.sent++;
    entry.ref.tell(command);
  }

  #refuse(message: ByName, reason: "no-such-room" | "unavailable"): void {
    if (message.type === "quit-room") return;
    const { person, request }: Asker = message.type === "join" ? message : message.command;
    const answer: Answer = { type: "refused", reason, detail: message.room.text };
    person.member.tell({ type: "answer", request, answer });
  }

  #find(name: ChatName): Entry | undefined {
    return name.keys.map((key) => this.#byKey.get(key)).find((entry) => entry !== undefined);
  }

  /** The room of this very name, as the registry has it. */
  #open(name: ChatName): Entry {
    const id = roomIdOf(this.#self.world, firstKey(name));
    const known = this.#find(name);
    if (known?.id === id) return known;
    const isLobby = name === THE_LOBBY;
    const { cluster, session, people } = this.#options;
    const behavior = roomProxy({
      ...{ cluster, session, people, id, name, hasFounder: !isLobby, owner: this.#self.self },
      mirrored: (mirror) => entry.mirror = mirror,
    });
    const ref = this.#self.spawn(`room-${++this.#made}`, behavior, { onFailure: stop() });
    const entry: Entry = { id, name, ref, mirror: undefined, isClaimed: isLobby, sent: 0 };
    for (const key of name.keys) this.#byKey.set(key, entry);
    this.#byRef.set(ref, entry);
    this.#self.watch(ref, () => ({ type: "room-stopped", entry }));
    return entry;
  }

  /** Nobody is in it: another spelling may be the room's next time. */
  #emptied(room: Ref<RoomCommand>): void {
    const entry = this.#byRef.get(room);
    if (entry === undefined || entry.name === THE_LOBBY || !entry.isClaimed) return;
    entry.isClaimed = false;
    const operationId = randomName(this.#self.world.random);
    // One that stays is found by whoever joins the room again.
    this.#registry.ask({ type: "release", operationId, id: firstKey(entry.name) }, { timeoutMs: ASK_MS })
      .catch(() => {});
  }

  #listHere({ person, request }: ListHere): void {
    const rooms = [...this.#byRef.values()].flatMap(({ ref, mirror }) => {
      if (mirror === undefined || mirror.state.members.size === 0) return [];
      const { title, texts, members, modes: { isSecret }, createdMs } = mirror.view(ref);
      return [{
        title,
        members: members.length,
        texts,
        isSecret,
        createdMs,
      }];
    });
    person.member.tell({ type: "answer", request, answer: { type: "rooms", rooms } });
  }

  #forget(entry: Entry): void {
    this.#byRef.delete(entry.ref);
    for (const key of entry.name.keys) {
      if (this.#byKey.get(key) === entry) this.#byKey.delete(key);
    }
  }
}

function firstKey({ keys, text }: ChatName): string {
  return keys[0] ?? text;
}

const encoder = new TextEncoder();

/** The id of a room's entity: its key, or a digest of one that is too long for an id. */
function roomIdOf({ hash }: Pick<World, "hash">, key: string): string {
  const bytes = encoder.encode(key);
  return bytes.length <= MAX_ID_BYTES ? key : `=${hash.hmac("SHA-256", new Uint8Array(1), bytes).toHex()}`;
}
