/** Thrown where a step cannot be recorded; the message says why, as the end of a sentence. */
export class NotRecordable extends Error {
  override readonly name = "NotRecordable";
}
