/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Marks what one has typed and what is not durable yet. */
import { type Extension, type Range, StateEffect, StateField, type Transaction } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";
import { ySyncAnnotation } from "y-codemirror.next";

/** Edits up to this one are durable. */
export const durable: ReturnType<typeof StateEffect.define<number>> = StateEffect.define<number>();

/** @param nextEdit the number of the edit that a transaction will be */
export function unsavedMarks(nextEdit: () => number): Extension {
  const field = StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update(marks, transaction) {
      let next = marks.map(transaction.changes);
      for (const effect of transaction.effects) {
        if (effect.is(durable)) {
          next = next.update({
            filter: (_from, _to, mark) => mark.spec.edit > effect.value,
          });
        }
      }
      return isOwn(transaction) ? next.update({ add: marksOf(transaction, nextEdit()), sort: true }) : next;
    },
    provide: (self) => EditorView.decorations.from(self),
  });
  return [field, theme];
}

function isOwn(transaction: Transaction): boolean {
  return transaction.docChanged &&
    transaction.annotation(ySyncAnnotation) === undefined;
}

function marksOf(transaction: Transaction, edit: number): Range<Decoration>[] {
  const mark = Decoration.mark({ class: "unsaved", edit });
  const marks: Range<Decoration>[] = [];
  transaction.changes.iterChangedRanges((_fromA, _toA, from, to) => {
    if (from < to) marks.push(mark.range(from, to));
  });
  return marks;
}

const theme = EditorView.baseTheme({
  ".unsaved": { borderBottom: "2px dotted #d97706" },
});
