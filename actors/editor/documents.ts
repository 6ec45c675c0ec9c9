/**
 * A directory of documents: every `NAME.txt` in it is one, opened when somebody asks for it.
 *
 * @module
 */
import { type Behavior, type Ref, stop, withPrivateMessages } from "../runtime/mod.ts";
import { basename, dirname, type Disk } from "../world/world.ts";
import { sharedDocument } from "./document.ts";
import type { DocumentCommand, SyncPolicy } from "./document_events.ts";
import type { ReplicaFactory } from "./replica.ts";

/** What a directory of documents can be asked. */
export type DocumentsCommand = /** The document of a name; a text where there is none. */
  {
    readonly type: "find";
    readonly name: string;
    readonly replyTo: Ref<Ref<DocumentCommand> | { readonly refusal: string }>;
  };

/** Options of {@linkcode documents}. */
export interface DocumentsOptions {
  /** The directory. */
  readonly directory: string;
  /** The document of the line door, and the file that it stands in. */
  readonly line: { readonly path: string; readonly document: Ref<DocumentCommand> };
  readonly sync: SyncPolicy;
  readonly replica: () => Promise<ReplicaFactory>;
  readonly maxDocumentBytes: number;
  readonly textName: string;
  /** Documents that are open at once. @default 1000 */
  readonly maxOpen?: number;
}

/**
 * The name of a document, as it stands in an address: letters, digits, `_`, `-`, `.`, any script, 64 at most.
 */
export function isDocumentName(name: string): boolean {
  return /^[\p{L}\p{N}_-][\p{L}\p{M}\p{N}_.-]{0,63}$/u.test(name) && !name.includes("..") &&
    !name.endsWith(".");
}

type Gone = { readonly type: "gone"; readonly name: string };

/** Opens the documents of a directory, and lets those go that nobody edits any more. */
export function documents(options: DocumentsOptions): Behavior<DocumentsCommand> {
  const { directory, line, sync, replica, maxDocumentBytes, textName, maxOpen = 1000 } = options;
  return withPrivateMessages<DocumentsCommand, Gone>(async (self) => {
    const open = new Map<string, Ref<DocumentCommand>>();
    const lineName = await nameIn(self.world.disk, directory, line.path);
    let opened = 0;
    const find = (name: string): Ref<DocumentCommand> | { readonly refusal: string } => {
      if (!isDocumentName(name)) return { refusal: "this is not the name of a document" };
      if (name === lineName) return line.document;
      const path = `${directory}/${name}.txt`;
      const known = open.get(name);
      if (known !== undefined) return known;
      if (open.size >= maxOpen) return { refusal: "too many documents are open" };
      const document: Ref<DocumentCommand> = self.spawn(
        `${++opened}`,
        sharedDocument({
          path,
          within: directory,
          sync,
          replica,
          maxDocumentBytes,
          textName,
          deserted: () => self.stop(document),
        }),
        // Who asks for one that cannot be opened is answered so.
        { onFailure: stop(), deadLetterLevel: "debug" },
      );
      open.set(name, document);
      self.watch(document, () => ({ type: "gone", name }));
      return document;
    };
    return (message) => {
      if (message.type === "gone") open.delete(message.name);
      else message.replyTo.tell(find(message.name));
    };
  });
}

/**
 * The name by which a file is a document of a folder, however the two paths are written; undefined where it
 * is none.
 */
async function nameIn(disk: Disk, directory: string, path: string): Promise<string | undefined> {
  const real = (name: string) => disk.realPath(name).catch(() => name);
  const [folder, file] = await Promise.all([real(directory), real(path)]);
  const name = basename(file);
  return dirname(file) === folder && name.endsWith(".txt") ? name.slice(0, -4) : undefined;
}
