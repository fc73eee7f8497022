/**
 * What findings say, in English. As everywhere in the editor the English text is the key of its translation; `{0}`, `{1}`
 * are filled in.
 */
const english = {
  oneNotFinite: "One step was not finite",
  manyNotFinite: "{0} steps were not finite",
  notFiniteEvidence: "First at step {0}: {1}",
  ownedTrunk: "{0} owns {1} of the trunk",
  ownedTrunkEvidence: "Its share of the accumulated update exceeds 90 % on that part of the shared weights.",
  ownedTrunkAttributed:
    "Its share of the accumulated update exceeds 90 % on that part of the shared weights (attributed through the optimizer).",
  ownedLayer: "{0} owns {1}",
  ownedLayers: "{0} owns {1} of the shared layers",
  ownedLayersEvidence: "Its mean share is {0}.",
  shareOfTensor: "{0} of {1}",
  stoppedImproving: "{0} stopped improving at epoch {1}",
  stoppedImprovingEvidence: "Validation {0} went from {1} to {2} since.",
  starved: "{0} hardly moves the trunk",
  starvedEvidence: "Its gradient is {0} of the sum of all tasks' norms, mean over the last quarter.",
  conflict: "Gradients conflict in {0} of the recorded steps",
  conflictEvidenceLayer:
    "The cosine of two tasks' gradients is below 0 there, mean over the last quarter; it is lowest between {0} and {1} in {2} ({3}).",
  conflictEvidence: "The cosine of two tasks' gradients is below 0 there, mean over the last quarter.",
} as const;

/** A text and what is filled in: names and numbers, ready to be read, or a list of further phrases. */
export interface Phrase {
  readonly text: string;
  readonly values: readonly (string | readonly Phrase[])[];
}

/** Puts the translation of an English text, with its values, in the reader's language. */
export type Say = (text: string, ...values: string[]) => string;

export function phrase(key: keyof typeof english, ...values: Phrase["values"]): Phrase {
  return { text: english[key], values };
}

/** A phrase as a sentence in the language of `say`; in English without one. */
export function spoken({ text, values }: Phrase, say: Say = filled): string {
  return say(text, ...values.map((value) => (typeof value === "string" ? value : value.map((part) => spoken(part, say)).join(", "))));
}

/** The text with its `{0}`, `{1}` filled in. */
export function filled(text: string, ...values: readonly (string | number)[]): string {
  return text.replace(/\{(\d+)\}/g, (_, index: string) => String(values[Number(index)] ?? ""));
}
