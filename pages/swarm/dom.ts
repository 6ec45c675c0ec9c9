/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Making elements, and numbers for people.
 *
 * @module
 */

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

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `12.3 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}
