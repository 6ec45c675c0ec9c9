/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * A picture of who has which pieces.
 *
 * @module
 */
import { element } from "./dom.ts";

const WIDTH = 600;

/** Draws bits, in base64, as a strip: where they are set it is full. */
export function pieceStrip(bits: string, count: number, label: string): HTMLCanvasElement {
  const canvas = element("canvas");
  canvas.width = Math.max(1, Math.min(WIDTH, count));
  canvas.height = 1;
  canvas.setAttribute("role", "img");
  const bytes = Uint8Array.from(atob(bits), (character) => character.charCodeAt(0));
  const shares = new Float64Array(canvas.width);
  const counts = new Float64Array(canvas.width);
  let have = 0;
  for (let piece = 0; piece < count; piece++) {
    const column = Math.floor(piece * canvas.width / count);
    counts[column] = (counts[column] ?? 0) + 1;
    if (((bytes[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) === 0) continue;
    shares[column] = (shares[column] ?? 0) + 1;
    have++;
  }
  canvas.setAttribute("aria-label", `${label}: ${have} of ${count}`);
  const context = canvas.getContext("2d");
  if (context === null) return canvas;
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--have") || "#2a8f63";
  if (context.fillStyle === "#000000") context.fillStyle = "#2a8f63";
  shares.forEach((share, column) => {
    context.globalAlpha = share / Math.max(1, counts[column] ?? 1);
    context.fillRect(column, 0, 1, 1);
  });
  return canvas;
}
