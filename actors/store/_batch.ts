import { NOTHING, type OthersEdits, type RecordForm } from "./_form.ts";
import { LF } from "./_scan.ts";
import type { Batch } from "./log_file_options.ts";

/** What is new in a file: what others have done to it, then `records`, and between them what these need. */
export function batchOf(form: RecordForm, records: Uint8Array, edits: OthersEdits): Batch {
  const { length: start, appended, replaced, setAsideAs } = edits;
  const lead = records.length > 0 ? form.lead(start, appended) : NOTHING;
  const othersBytes = appended.length;
  const leadBytes = othersBytes + lead.length;
  const about = {
    start,
    othersBytes,
    leadBytes,
    endsLine: form.isMidLine && (othersBytes > 0 ? appended : lead)[0] === LF,
    replaced,
    ...(setAsideAs === undefined ? {} : { setAsideAs }),
  };
  if (leadBytes === 0) return { ...about, bytes: records };
  const bytes = new Uint8Array(leadBytes + records.length);
  bytes.set(appended);
  bytes.set(lead, othersBytes);
  bytes.set(records, leadBytes);
  return { ...about, bytes };
}
