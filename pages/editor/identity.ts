/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Who somebody is: a name and a colour, remembered in this browser. */

export const COLORS = [
  "#2563eb",
  "#c2410c",
  "#15803d",
  "#a21caf",
  "#b91c1c",
  "#0e7490",
  "#7c3aed",
  "#a16207",
] as const;

export interface Identity {
  readonly name: string;
  /** An index of {@linkcode COLORS}. */
  readonly color: number;
}

const KEY = "troupe-editor-identity";
const ANIMALS = [
  "Otter",
  "Heron",
  "Lynx",
  "Wren",
  "Badger",
  "Marten",
  "Plover",
  "Hare",
  "Stoat",
  "Swift",
];

export function loadIdentity(): Identity {
  const fresh = {
    name: `${pick(ANIMALS)} ${Math.floor(Math.random() * 90 + 10)}`,
    color: Math.floor(Math.random() * COLORS.length),
  };
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (isIdentity(stored)) return stored;
  } catch {
    // Nothing is remembered where storage is off.
  }
  saveIdentity(fresh);
  return fresh;
}

export function saveIdentity(identity: Identity): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(identity));
  } catch {
    // It lasts as long as the tab.
  }
}

/** The class of a colour: ours by its value, any other by the name of its owner. */
export function colorClass(color: unknown, name: string): string {
  const own = COLORS.findIndex((value) => value === color);
  if (own >= 0) return `c${own}`;
  let sum = 0;
  for (const unit of name) sum = (sum * 31 + (unit.codePointAt(0) ?? 0)) % 997;
  return `c${sum % COLORS.length}`;
}

function isIdentity(value: unknown): value is Identity {
  return typeof value === "object" && value !== null && "name" in value &&
    typeof value.name === "string" &&
    "color" in value && typeof value.color === "number" &&
    value.color in COLORS;
}

function pick(values: readonly string[]): string {
  return values[Math.floor(Math.random() * values.length)] ?? "Somebody";
}
