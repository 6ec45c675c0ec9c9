/**
 * From a stream of bytes to messages.
 *
 * @module
 */

/** Cuts a stream of bytes into frames. Pure: it is told of bytes and of silence, and reads no clock. */
export interface FrameDecoder<F> {
  /**
   * Takes the bytes that came and appends the frames that they complete to `frames`.
   * The decoder copies what it keeps; a frame that is a view of `chunk` is valid until the caller reuses `chunk`.
   * Throws {@linkcode FrameError} on what breaks the rules: frames appended before it are good, and the decoder takes nothing more.
   */
  push(chunk: Uint8Array, frames: F[]): void;
  /** Milliseconds of silence after which {@linkcode FrameDecoder.idle} is to be called; 0 when silence means nothing now. */
  readonly idleFlushMs: number;
  /** Nothing came for `idleFlushMs` after the last chunk. */
  idle(frames: F[]): void;
  /** The stream has ended: what is left is a frame, or a {@linkcode FrameError}. */
  end(frames: F[]): void;
}

/** What the peer sent is not of the protocol. The message is for the peer. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Options of {@linkcode lineFrames}. */
export interface LineFramesOptions {
  /** The most bytes of one line, without its end. @default 65536 */
  readonly maxFrameBytes?: number;
  /** Milliseconds after which an unterminated chunk of a peer that has sent no `\n` yet is a message. @default 50 */
  readonly idleFlushMs?: number;
}

/** Lines of UTF-8. */
export function lineFrames(_options: LineFramesOptions = {}): FrameDecoder<string> {
  throw new Error("Cannot decode: not written yet");
}

/** The bytes as they come. */
export function rawFrames(): FrameDecoder<Uint8Array> {
  throw new Error("Cannot decode: not written yet");
}
