/**
 * A document in the simulator, for tests of its doors.
 *
 * @module
 */
// First: Yjs takes chance for itself when it is loaded, which simulations do not allow.
import { yjsReplica } from "../../actors/editor/yjs_replica.ts";
import * as Y from "yjs";
import {
  type CollaboratorEvent,
  type DocumentCommand,
  type DocumentEvent,
  sharedDocument,
} from "../../actors/editor/mod.ts";
import type { SimDisk, SimWorld } from "../../actors/world/sim/mod.ts";
import type { AwarenessEntry } from "../../protocols/y_sync.ts";
import { ActorSystem, type Behavior, escalate, type Ref, type World } from "../../mod.ts";

/** The document's file. */
export const FILE = "/data/document.txt";
/** What it holds at first. */
export const START = "first\n";

/** A document in the simulator that is edited together, and what its members were told. */
export class Stage {
  readonly told: DocumentEvent[] = [];
  readonly heard: CollaboratorEvent[] = [];
  /** Of that, what the collaborator heard who came last. */
  heardLast: CollaboratorEvent[] = [];
  /** The first collaborator leaves. */
  leave: () => void = () => {};
  readonly #sim: SimWorld;
  #system: ActorSystem | undefined;
  #document: Ref<DocumentCommand> | undefined;
  #collaborator: Ref<CollaboratorEvent> | undefined;
  #former: Ref<CollaboratorEvent> | undefined;

  readonly #adapt: (world: World) => World;

  private constructor(sim: SimWorld, adapt: (world: World) => World) {
    this.#sim = sim;
    this.#adapt = adapt;
  }

  /** @param adapt what the service sees of the world */
  static async open(sim: SimWorld, adapt: (world: World) => World = (world) => world): Promise<Stage> {
    sim.host("server").disk.write(FILE, START);
    const stage = new Stage(sim, adapt);
    await stage.start();
    stage.leave = await stage.collaborate();
    return stage;
  }

  get disk(): SimDisk {
    return this.#sim.host("server").disk;
  }

  get file(): string | undefined {
    return this.disk.readText(FILE);
  }

  tell(command: DocumentCommand): void {
    this.#document?.tell(command);
  }

  /** Starts the service, also after a crash. */
  async start(): Promise<void> {
    const server = this.#sim.host("server");
    let isOpen = false;
    server.start((world) => {
      this.#system = new ActorSystem("editor", { world: this.#adapt(world) });
      const replica = () => Promise.resolve(yjsReplica);
      const behavior = sharedDocument({ path: FILE, replica, desertedMs: 300, opened: () => isOpen = true });
      this.#document = this.#system.spawn("document", behavior, { onFailure: escalate() });
      return this.#system;
    });
    await this.#sim.until(() => isOpen, 1000, "the document to be open");
  }

  /** Somebody comes to the web door; gives what makes them leave. */
  async collaborate(): Promise<() => void> {
    const before = this.heard.length;
    const heard: CollaboratorEvent[] = [];
    const member = this.#spawn<CollaboratorEvent | { readonly type: "leave" }>((self) => (event) => {
      if (event.type === "leave") self.stop();
      else this.heard.push(event), heard.push(event);
    });
    this.heardLast = heard;
    this.#former = this.#collaborator;
    this.#collaborator = member;
    this.tell({ type: "collaborate", member, label: "somebody" });
    await this.#sim.until(() => this.heard.length > before, 1000, "the collaborator to be there");
    return () => member.tell({ type: "leave" });
  }

  /** Who came last to the web door types something at the beginning. */
  type(text: string): void {
    const doc = new Y.Doc();
    doc.clientID = this.#sim.random.uint32();
    doc.getText("content").insert(0, text);
    const update = Y.encodeStateAsUpdate(doc);
    if (this.#collaborator !== undefined) this.tell({ type: "edit", member: this.#collaborator, update });
  }

  /** Who came last to the web door, or the one before, says who they are. */
  bePresent(entry: AwarenessEntry, who: "last" | "former" = "last"): void {
    const member = who === "last" ? this.#collaborator : this.#former;
    if (member !== undefined) this.tell({ type: "be-present", member, entries: [entry] });
  }

  /** The service is asked to stop. */
  async stop(): Promise<void> {
    await this.#sim.settle(this.#system?.stop() ?? Promise.resolve());
    this.#sim.host("server").restart(() => {});
  }

  ask<R>(question: (replyTo: Ref<R>) => DocumentCommand): Promise<R> {
    if (this.#document === undefined) throw new Error("Cannot ask: the document was not started");
    return this.#sim.settle(this.#document.ask(question, { timeoutMs: 1000 }));
  }

  line(): Ref<DocumentEvent> {
    return this.#spawn<DocumentEvent>(() => (event) => void this.told.push(event));
  }

  #spawn<M>(behavior: Behavior<M>): Ref<M> {
    if (this.#system === undefined) throw new Error("Cannot join: the document was not started");
    return this.#system.spawn<M>(`member-${this.#sim.now}-${this.told.length}`, behavior);
  }

  count(type: DocumentEvent["type"]): number {
    return this.told.filter((event) => event.type === type).length;
  }
}
