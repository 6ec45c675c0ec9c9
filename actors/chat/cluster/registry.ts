/**
 * Who has which name, for all servers: an entity for the names of people, and one for those of rooms.
 *
 * @module
 */
import type { EntityType } from "../../cluster/entity_type.ts";
import { type Decision, persistent, reply } from "../../cluster/persistent.ts";
import type { Ref } from "../../runtime/mod.ts";

/** One life of a server: another one after each time that the others may have given it up. */
export interface ServerLife {
  readonly id: string;
  readonly life: string;
}

/** Who has a name. */
export interface Holder {
  /** What it is, unlike any other: the address of a member, the key of a room. */
  readonly id: string;
  readonly text: string;
  /** Nobody else has a name with one of these. */
  readonly keys: readonly string[];
  /** Which server it is connected to, if it is somebody. */
  readonly server?: ServerLife;
  /** Grows from one claim of that server to the next. */
  readonly number?: number;
}

/** What the registry can be told. */
export type RegistryCommand =
  /** Takes a name, in place of any other one of the same holder. */
  | {
    readonly type: "claim";
    readonly operationId: string;
    readonly holder: Holder;
    readonly replyTo: Ref<ClaimReply>;
  }
  | { readonly type: "find"; readonly keys: readonly string[]; readonly replyTo: Ref<Holder | null> }
  /** What the holder has is free. */
  | {
    readonly type: "release";
    readonly operationId: string;
    readonly id: string;
    readonly replyTo: Ref<boolean>;
  }
  /** A server that lives again says whom it has: those of whom the names are others' by now are answered. */
  | {
    readonly type: "adopt";
    readonly operationId: string;
    readonly server: ServerLife;
    readonly holders: readonly Holder[];
    readonly replyTo: Ref<AdoptReply>;
  }
  /**
   * Whom a server has: what others of its had, by claims up to a number, is free. A claim may have come late,
   * when who made it had gone. Answered by how many those were.
   */
  | {
    readonly type: "audit";
    readonly server: ServerLife;
    readonly upTo: number;
    readonly ids: readonly string[];
    readonly replyTo: Ref<number>;
  }
  /** A life of a server is over: what it had is free. Those who had it are answered. */
  | {
    readonly type: "give-up";
    readonly operationId: string;
    readonly server: ServerLife;
    readonly replyTo: Ref<readonly Holder[]>;
  }
  /** The secret that all servers share: the first that is proposed. */
  | {
    readonly type: "agree";
    readonly operationId: string;
    readonly proposal: string;
    readonly replyTo: Ref<string>;
  };

/** What a server that lives again is told. */
export interface AdoptReply {
  /** Of whom the names are others' by now. */
  readonly lost: readonly string[];
  /** The servers of all others: those that are gone may have gone before this one came. */
  readonly servers: readonly ServerLife[];
}

/** The outcome of a claim. */
export type ClaimReply =
  | { readonly type: "done" }
  /** Somebody has it. */
  | { readonly type: "held"; readonly by: Holder }
  /** The server was given up: it has to begin another life first. */
  | { readonly type: "given-up" };

/** What happens to the registry. */
export type RegistryEvent =
  | { readonly type: "claimed"; readonly holder: Holder }
  | { readonly type: "released"; readonly id: string }
  | { readonly type: "given-up"; readonly server: ServerLife }
  | { readonly type: "agreed"; readonly secret: string };

/** What the registry knows. */
export interface RegistryState {
  readonly holders: ReadonlyMap<string, Holder>;
  /** Holders by each key. */
  readonly byKey: ReadonlyMap<string, string>;
  /** Lives that were given up, the newest last. */
  readonly givenUp: readonly string[];
  readonly secret?: string;
}

/** So many lives that were given up are known. */
const MAX_GIVEN_UP = 200;

/** The type of the registry's entities. */
export const registryType: EntityType<RegistryCommand> = persistent({
  type: "chat-names",
  placement: "local",
  // A claim that comes late must not take a name for who has gone.
  rememberedOperations: 2000,
  initial: (): RegistryState => ({ holders: new Map(), byKey: new Map(), givenUp: [] }),
  decide: decideRegistry,
  evolve: evolveRegistry,
});

/** Decides on one command. */
export function decideRegistry(state: RegistryState, command: RegistryCommand): Decision<RegistryEvent> {
  switch (command.type) {
    case "claim": {
      const { holder, replyTo } = command;
      if (isGivenUp(state, holder.server)) return { replies: [reply(replyTo, { type: "given-up" })] };
      const by = otherHolder(state, holder);
      if (by !== undefined) return { replies: [reply(replyTo, { type: "held", by })] };
      return { events: [{ type: "claimed", holder }], replies: [reply(replyTo, { type: "done" })] };
    }
    case "find": {
      const id = command.keys.map((key) => state.byKey.get(key)).find((id) => id !== undefined);
      return { replies: [reply(command.replyTo, id === undefined ? null : state.holders.get(id) ?? null)] };
    }
    case "release": {
      const isHeld = state.holders.has(command.id);
      return {
        events: isHeld ? [{ type: "released", id: command.id }] : [],
        replies: [reply(command.replyTo, isHeld)],
      };
    }
    case "adopt": {
      const { server, holders, replyTo } = command;
      const all = holders.map((holder) => ({ ...holder, server }));
      const lost = all.filter((holder) => otherHolder(state, holder) !== undefined);
      return {
        events: all.filter((holder) => !lost.includes(holder)).map((holder) => ({ type: "claimed", holder })),
        replies: [reply(replyTo, { lost: lost.map(({ id }) => id), servers: otherServers(state, server) })],
      };
    }
    case "audit": {
      const { server, upTo, replyTo } = command;
      const ids = new Set(command.ids);
      const gone = [...state.holders.values()].filter((holder) =>
        holder.server?.id === server.id && (holder.number ?? 0) <= upTo && !ids.has(holder.id)
      );
      return {
        events: gone.map(({ id }) => ({ type: "released", id })),
        replies: [reply(replyTo, gone.length)],
      };
    }
    case "give-up": {
      const { server, replyTo } = command;
      const theirs = [...state.holders.values()].filter((holder) => holder.server?.life === server.life);
      return {
        events: isGivenUp(state, server) ? [] : [{ type: "given-up", server }],
        replies: [reply(replyTo, theirs)],
      };
    }
    case "agree": {
      const { proposal, replyTo } = command;
      if (state.secret !== undefined) return { replies: [reply(replyTo, state.secret)] };
      return { events: [{ type: "agreed", secret: proposal }], replies: [reply(replyTo, proposal)] };
    }
  }
}

function otherServers({ holders }: RegistryState, own: ServerLife): ServerLife[] {
  const servers = new Map<string, ServerLife>();
  for (const { server } of holders.values()) {
    if (server !== undefined && server.id !== own.id) servers.set(server.life, server);
  }
  return [...servers.values()];
}

function isGivenUp({ givenUp }: RegistryState, server: ServerLife | undefined): boolean {
  return server !== undefined && givenUp.includes(server.life);
}

/** Who has a name that looks like that of a holder, other than itself. */
function otherHolder({ byKey, holders }: RegistryState, { id, keys }: Holder): Holder | undefined {
  const other = keys.map((key) => byKey.get(key)).find((known) => known !== undefined && known !== id);
  return other === undefined ? undefined : holders.get(other);
}

/** The registry after an event. */
export function evolveRegistry(state: RegistryState, event: RegistryEvent): RegistryState {
  const holders = new Map(state.holders);
  const byKey = new Map(state.byKey);
  const release = (id: string) => {
    for (const key of holders.get(id)?.keys ?? []) byKey.delete(key);
    holders.delete(id);
  };
  switch (event.type) {
    case "claimed": {
      const { holder } = event;
      release(holder.id);
      holders.set(holder.id, holder);
      for (const key of holder.keys) byKey.set(key, holder.id);
      return { ...state, holders, byKey };
    }
    case "released":
      release(event.id);
      return { ...state, holders, byKey };
    case "given-up": {
      const { life } = event.server;
      for (const { id, server } of state.holders.values()) if (server?.life === life) release(id);
      return { ...state, holders, byKey, givenUp: [...state.givenUp, life].slice(-MAX_GIVEN_UP) };
    }
    case "agreed":
      return { ...state, secret: event.secret };
  }
}
