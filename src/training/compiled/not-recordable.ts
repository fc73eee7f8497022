/** Thrown where a step cannot be recorded; the message says why, as the end of a sentence. */
export class NotRecordable extends Error {
  override readonly name = "NotRecordable";
}

/** What `run` gives. Throws what the recorder refuses, also where the model's own code has taken it for an error of its own. */
export function wholly<R extends { readonly refusal: NotRecordable | undefined }, T>(recorder: R, run: (recorder: R) => T): T {
  try {
    const result = run(recorder);
    if (recorder.refusal !== undefined) throw recorder.refusal;
    return result;
  } catch (error) {
    throw recorder.refusal ?? error;
  }
}
