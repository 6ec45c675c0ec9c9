/**
 * An actor, whole: its place in the tree, and all that it is made of.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import { ActorRef, mailboxes } from "./actor_ref.ts";
import { askActor } from "./ask.ts";
import type { Behavior, ChildEvent } from "./behavior.ts";
import type { SpawnOptions } from "./spawn_options.ts";
import { type Child, Children, type Parent } from "./children.ts";
import { checkBehavior } from "./handler.ts";
import { Life } from "./life.ts";
import { ActorStopped } from "./errors.ts";
import type { LifeHost } from "./life_host.ts";
import { ENDING, STATE_NAMES, STOPPED } from "./lifecycle.ts";
import { Living } from "./living.ts";
import { type CellOptions, checkOptions, describeOptions, NO_LIMIT } from "./options.ts";
import type { AskOptions, Ref } from "./ref.ts";
import type { ActorDetails, ActorSnapshot, ShallowSnapshot, TreeOptions } from "./snapshot.ts";
import type { GroupStrategy, SuperviseOptions } from "./supervision.ts";
import { type CellSetup, setupIn } from "./system_core.ts";
import type { TurnHost } from "./turn_host.ts";

/** An actor. Others hold its `ref`, and cannot get from there to here. */
export class Cell extends Living implements Child, LifeHost, Parent, TurnHost {
  readonly name: string;

  constructor(
    setup: CellSetup,
    parent: Parent | undefined,
    name: string,
    behavior: Behavior<unknown>,
  ) {
    super(setup, parent, behavior);
    this.name = name;
  }

  protected override makeRef(): ActorRef<unknown> {
    return new ActorRef(this, this.system.scheduler, NO_LIMIT);
  }

  protected override makeLife(number: number): Life<unknown> {
    return new Life(this, number);
  }

  protected override get asChild(): Child {
    return this;
  }

  override get path(): string {
    return this.knownPath ?? pathOf(this);
  }

  get knownPath(): string | undefined {
    return this.coldIfAny?.path;
  }

  keepPath(path: string): void {
    this.cold.path = path;
  }

  ask(question: ((replyTo: Ref<never>) => unknown) | object, options: AskOptions): Promise<never> {
    return askActor(this, this.ref, question, options);
  }

  spawn<C>(name: string, behavior: Behavior<C>, options?: SpawnOptions<C>): Ref<C> {
    const checked = checkOptions(name, options);
    checkBehavior(name, behavior);
    if (this.children?.has(name)) {
      throw new TypeError(`Cannot spawn "${name}" under ${this.path}: the name is in use`);
    }
    if (this.state === ENDING || this.state === STOPPED || this.coldIfAny?.isStoppingForGood) {
      throw new TypeError(`Cannot spawn "${name}" under ${this.path}: the actor is stopping`);
    }
    const setup = setupIn(this.system, checked);
    const child = new Cell(setup, this, name, behavior as Behavior<unknown>);
    this.parenthood.add(child);
    child.begin();
    return child.ref;
  }

  supervise(strategy: GroupStrategy, options: SuperviseOptions = {}): void {
    this.parenthood.supervise(strategy, options);
  }

  stopChild(ref: Ref<never>): void {
    const child = mailboxes.hostOf(ref);
    if (!(child instanceof Cell) || child.parent !== this) {
      const what = child?.path ?? "what is no actor's ref";
      throw new TypeError(`Cannot stop ${what} from ${this.path}: it is no child`);
    }
    child.requestStop();
  }

  observeChildren(changed: (event: ChildEvent) => void): Cancellable {
    return this.parenthood.observe(changed);
  }

  /** What it needs as a parent, made now. */
  private get parenthood(): Children {
    return this.cold.children ??= new Children(this);
  }

  get stashCapacity(): number {
    return this.setup.stashCapacity;
  }

  childRefs(): Ref<never>[] {
    return this.children?.all().map((child) => child.ref) ?? [];
  }

  escalationOf(child: Ref<never>): ActorStopped | undefined {
    const by = this.escalatedBy;
    return by?.child.ref === child ? new ActorStopped(child.path, { cause: by.error }) : undefined;
  }

  /** The actor ends itself; one that is permanent begins anew instead. */
  stopSelf(): void {
    if (this.setup.restart === "permanent" && this.parent?.children?.restartEnded(this)) return;
    this.requestStop();
  }

  get onFailure(): CellOptions["onFailure"] {
    return this.setup.onFailure;
  }

  get restart(): CellOptions["restart"] {
    return this.setup.restart;
  }

  /** Ends this actor and all below it, children first, without waiting for anything. */
  kill(): void {
    // Not by recursion: a tree may be deeper than the stack.
    const tree: Child[] = [this];
    for (const actor of tree) {
      for (const child of actor.children?.all() ?? []) tree.push(child);
      actor.children?.giveUp();
    }
    for (const actor of tree.reverse()) actor.abandon();
  }

  snapshot(options: TreeOptions): ActorSnapshot {
    const { levels = Infinity, maxChildren = Infinity, skipChildren = 0, maxActors = Infinity } = options;
    const whole = this.snapshotShallow(this.path);
    let left = maxActors - 1;
    const open: [Child, ShallowSnapshot, number][] = [[this, whole, 0]];
    for (const [actor, seen, level] of open) {
      if (level >= levels) continue;
      const most = Math.min(maxChildren, left);
      if (most <= 0) continue;
      for (const child of actor.children?.slice(level === 0 ? skipChildren : 0, most) ?? []) {
        left--;
        const below = child.snapshotShallow(`${seen.path}/${child.name}`);
        seen.children.push(below);
        open.push([child, below, level + 1]);
      }
    }
    return whole;
  }

  /** The actor that stands at a path below this one's. */
  find(path: string): Cell | undefined {
    const [before, own, ...names] = path.split("/");
    let at: Child | undefined = before === "" && own === this.name ? this : undefined;
    for (const name of names) at = at?.children?.get(name);
    return at instanceof Cell ? at : undefined;
  }

  details(maxWatchers: number): ActorDetails {
    const watchers: string[] = [];
    let watcherCount = 0;
    for (const by of this.coldIfAny?.watchers?.values() ?? []) {
      if (by !== undefined && watcherCount++ < maxWatchers) watchers.push(by.path);
    }
    return {
      actor: this.snapshotShallow(this.path),
      options: describeOptions(this.setup),
      watchers,
      watcherCount,
    };
  }

  snapshotShallow(path: string): ShallowSnapshot {
    const { waiting, ref } = this;
    return {
      path,
      state: STATE_NAMES[this.state],
      mailbox: waiting,
      highWater: Math.max(mailboxes.longestTurn(ref), this.coldIfAny?.highWater ?? 0, waiting),
      handled: mailboxes.handled(ref),
      restarts: this.restarts,
      childCount: this.children?.size ?? 0,
      children: [],
    };
  }
}

/** A path that is longer is kept by each of the actors it leads through: a failure below names them all. */
const MAX_SHORT_PATH = 32;

/** Where an actor stands. Not by recursion: a tree may be deeper than the stack. */
function pathOf(cell: Parent): string {
  const unnamed: Parent[] = [];
  let at: Parent | undefined = cell;
  for (; at !== undefined && at.knownPath === undefined; at = at.parent) unnamed.push(at);
  let path = at?.knownPath ?? "";
  const isKept = at !== undefined || unnamed.length > MAX_SHORT_PATH;
  for (let next = unnamed.pop(); next !== undefined; next = unnamed.pop()) {
    path = `${path}/${next.name}`;
    if (isKept) next.keepPath(path);
  }
  return path;
}
