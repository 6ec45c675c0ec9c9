/**
 * The joke that datagrams tell.
 *
 * @module
 */

/** What the client sends. */
export const JOKE = "I could tell you a UDP joke but I'm not sure you'll get it.";

/** The answer, whatever the datagram. */
export const JOKE_ANSWER = "Ok";
