/** A port could not be bound. The text is the line for the operator. */
export class EditorListenError extends Error {
  /** For `error.name`. */
  override readonly name = "EditorListenError";
}
