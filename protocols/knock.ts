/**
 * Knock-knock, a conversation of one line each.
 *
 * @module
 */

/** What the client sends. */
export const KNOCK = "Knock Knock..";

/** The answer, to whatever line. */
export const KNOCK_ANSWER = "Whose there?";
