/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Making elements, and numbers for people.
 *
 * @module
 */
import { formatByteSize } from "../../protocols/byte_size.ts";

/** An element with a text and a class. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = "",
  className = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== "") made.className = className;
  return made;
}

/** Replaces what is in an element, unless it would look the same: what is selected stays selected. */
export function setChildren(parent: HTMLElement, children: readonly HTMLElement[]): void {
  const html = children.map((child) => child.outerHTML).join("");
  if (parent.dataset.shown === html && parent.querySelector("canvas") === null) return;
  parent.dataset.shown = html;
  parent.replaceChildren(...children);
}

/** `12.3 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatByteSize(bytesPerSecond)}/s`;
}
