import { placeInWhole } from "../../../experiment/data/source-experiments.ts";
import { inCategoryOrder } from "../cells.ts";
import type { DataProblem } from "../data-error.ts";
import { joinMoments, type InputMeasure } from "../input-measure.ts";

/** What one of several sources has measured. */
export interface SourceMeasures {
  readonly name: string;
  readonly measures: readonly InputMeasure[];
}

/**
 * What the training rows of all sources say together, so that the same value enters the network as the same number wherever it comes from.
 * Sources that have measured nothing enter as they are. Undefined where the others do not consist of the same parts. What cannot be measured
 * together is told at the source that differs from the first.
 */
export function sharedMeasures(
  sources: readonly SourceMeasures[],
): { readonly measures: readonly InputMeasure[] } | { readonly problem: DataProblem } | undefined {
  const [first, ...others] = sources.filter(({ measures }) => measures.length > 0);
  let joined = first?.measures ?? [];
  for (const other of others) {
    const pairs = joined.map((measure, index) => ({ measure, own: other.measures[index] }));
    const haveSameParts = pairs.length === other.measures.length && pairs.every(({ measure, own }) => own?.name === measure.name);
    if (!haveSameParts) return undefined;
    const next: InputMeasure[] = [];
    for (const { measure, own } of pairs) {
      const both = own === undefined ? measure : joinTwo(measure, own);
      if (!("words" in both)) next.push(both);
      else {
        const [word, otherWord] = both.words;
        const message =
          `"${measure.name}" ${word} in the source "${first?.name ?? ""}", and ${otherWord} in "${other.name}". ` +
          `All sources feed one network: let it be the same in both.`;
        return { problem: { code: "MTL370", path: placeInWhole(other.name, own?.path ?? ["data"]), message } };
      }
    }
    joined = next;
  }
  return { measures: joined };
}

/** Why two cannot be measured together: what each of them is. */
interface Difference {
  readonly words: readonly [first: string, other: string];
}

function joinTwo(a: InputMeasure, b: InputMeasure): InputMeasure | Difference {
  if (a.kind === "category" && b.kind === "category") {
    if (a.isNumeric !== b.isNumeric) return { words: [categoryWord(a.isNumeric), categoryWord(b.isNumeric)] };
    const categories = inCategoryOrder(new Set([...a.categories, ...b.categories]), a.isNumeric ? "number" : "text");
    return { ...a, categories, hasMissing: a.hasMissing || b.hasMissing };
  }
  if (a.kind === "number" && b.kind === "number") {
    if (a.scale !== b.scale) return { words: [`is scaled by \`${a.scale}\``, `by \`${b.scale}\``] };
    // Whole numbers may go by their type, and have none. Where the inputs have other shapes, these are told.
    if (a.moments.length !== b.moments.length) return a.moments.length === 0 ? b : a;
    return { ...a, moments: a.moments.map((moments, index) => joinMoments(moments, b.moments[index] ?? moments)) };
  }
  return { words: [kindWord(a), kindWord(b)] };
}

function kindWord({ kind }: InputMeasure): string {
  return kind === "number" ? "enters as a number" : "as categories";
}

function categoryWord(isNumeric: boolean): string {
  return isNumeric ? "has numbers alone" : "has text";
}
