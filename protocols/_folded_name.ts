/**
 * Names of files that are one name on another system.
 *
 * @module
 */

/** What HFS+ passes over in a name. */
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;
/** What Windows drops at the end of a name. */
const DROPPED = /[. ]+$/;

/**
 * One form for all names that some file system takes for the same: they differ in case (APFS, NTFS; `straße`
 * and `STRASSE` too), in composition (APFS, HFS+), in characters that nobody sees (HFS+), or in dots and
 * spaces at their end (Windows).
 */
export function foldedName(name: string): string {
  if (/^[ -~]*$/.test(name)) return name.toLowerCase().replace(DROPPED, "");
  const folded = name.normalize("NFD").replace(IGNORED, "").toUpperCase().toLowerCase();
  return folded.replace(DROPPED, "").normalize("NFC");
}
