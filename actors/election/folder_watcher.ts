/**
 * The names in a node's folder.
 *
 * @module
 */
import { fileNames, isFileName } from "../../protocols/file_list.ts";
import { assertNever, type Behavior, type Context, type Ref } from "../runtime/mod.ts";
import { isNotFound, WorldError } from "../world/world.ts";

/** What is in a folder. */
export interface FolderContent {
  /** Tag of the message. */
  readonly type: "folder";
  /** The regular files, sorted. */
  readonly names: readonly string[];
  /** Another at each change, also after a restart. */
  readonly version: number;
}

/** What a {@linkcode folderWatcher} can be asked. */
export type FolderCommand = {
  /** Look now, and answer. */
  readonly type: "list";
  /** Told what is there. */
  readonly replyTo: Ref<FolderContent>;
};

/** Options of {@linkcode folderWatcher}. */
export interface FolderWatcherOptions {
  /** The folder; made when it is not there. */
  readonly path: string;
  /** Told what is in the folder, at first and at each change. */
  readonly observers: readonly Ref<FolderContent>[];
}

type Message =
  | FolderCommand
  | { readonly type: "changed" }
  | { readonly type: "look" }
  | { readonly type: "watch-failed"; readonly error: WorldError };

/** Changes come in flocks: the folder is read once they have been quiet for so long. */
const SETTLE_MS = 100;
/** Also without a word from the system the folder is read this often: some file systems never say one. */
const LOOK_MS = 5000;

/** Reads a folder and keeps an eye on it. Its start fails when the folder cannot be read or made. */
export function folderWatcher(options: FolderWatcherOptions): Behavior<FolderCommand> {
  const behavior: Behavior<Message> = async (self) => {
    const { path } = options;
    await makeFolder(self, path);
    if (self.signal.aborted) return () => {};
    const folder = new Folder(self, options);
    const watching = self.world.disk.watch(
      path,
      () => self.self.tell({ type: "changed" }),
      (error) => self.self.tell({ type: "watch-failed", error }),
    );
    self.onStop(() => watching.cancel());
    self.every(LOOK_MS, { type: "look" });
    await folder.look();
    return (message) => folder.receive(message);
  };
  // Its own messages are its own: nobody else can name them.
  return behavior as Behavior<FolderCommand>;
}

async function makeFolder(self: Context<Message>, path: string): Promise<void> {
  const { disk } = self.world;
  try {
    if (!(await disk.stat(path)).isFolder) {
      throw new WorldError("not-a-directory", `Cannot use ${path}: it is not a folder`);
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await disk.makeFolder(path, { recursive: true });
    self.log.info(`Created folder ${path}`);
  }
}

class Folder {
  readonly #self: Context<Message>;
  readonly #options: FolderWatcherOptions;
  #content: FolderContent | undefined;
  #refused = 0;
  #settling = false;
  #unreadable = false;

  constructor(self: Context<Message>, options: FolderWatcherOptions) {
    this.#self = self;
    this.#options = options;
  }

  async receive(message: Message): Promise<void> {
    switch (message.type) {
      case "list":
        message.replyTo.tell(await this.look());
        return;
      case "changed":
        if (this.#settling) return;
        this.#settling = true;
        this.#self.after(SETTLE_MS, { type: "look" });
        return;
      case "look":
        this.#settling = false;
        await this.look();
        return;
      case "watch-failed":
        this.#self.log.warn(
          `Cannot watch ${this.#options.path}, looking every ${LOOK_MS / 1000} s: ${message.error.message}`,
        );
        return;
      default:
        assertNever(message);
    }
  }

  /** Reads the folder; tells the observers when it is not what it was. A folder that went away is an empty one. */
  async look(): Promise<FolderContent> {
    let found: string[] = [];
    try {
      const entries = await this.#self.world.disk.list(this.#options.path);
      found = entries.filter((entry) => entry.isFile).map((entry) => entry.name);
      this.#unreadable = false;
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      if (!this.#unreadable) this.#self.log.error(`Cannot read ${this.#options.path}: ${error.message}`);
      this.#unreadable = true;
    }
    const names = fileNames(found);
    const refused = found.length - names.length;
    if (refused !== this.#refused && refused > 0) {
      const name = found.find((each) => !isFileName(each)) ?? "";
      this.#self.log.warn(
        `Left ${refused} of the names in ${this.#options.path} out of the list, such as ${
          JSON.stringify(name)
        }`,
      );
    }
    this.#refused = refused;
    const before = this.#content;
    const same = before?.names.length === names.length &&
      before.names.every((name, index) => name === names[index]);
    if (before !== undefined && same) return before;
    const content: FolderContent = {
      type: "folder",
      names,
      version: before === undefined ? Math.floor(this.#self.world.clock.now()) : before.version + 1,
    };
    this.#content = content;
    for (const observer of this.#options.observers) observer.tell(content);
    return content;
  }
}
