/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Elements, in one call. */

export type Child = Node | string | undefined;

/** Makes an element. Properties are set as such, names with a hyphen as attributes. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Readonly<Record<string, unknown>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-")) made.setAttribute(key, String(value));
    else Reflect.set(made, key, value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}
