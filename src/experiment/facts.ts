import type { CodePlace } from "./code-place.ts";

/**
 * What only the data file and the model itself can tell about an experiment. Found by the inspector process with the
 * trainer's own code, turned into diagnostics by `checkFacts`.
 */
export interface ExperimentFacts {
  readonly data: DataFacts;
  readonly model: ModelFacts;
}

/** `undefined` parts could not be found out because of a problem that is itself listed. */
export interface DataFacts {
  readonly columns: readonly ColumnFacts[] | undefined;
  readonly rows: Readonly<Record<"train" | "validation" | "test", number>> | undefined;
  readonly problems: readonly FactProblem[];
}

/** A column of a table, or an array. */
export interface ColumnFacts {
  readonly name: string;
  /** Which of several sources has it. */
  readonly source?: string;
  /** `nested`: no single values, such as lists. */
  readonly type: "number" | "text" | "date" | "nested" | "empty";
  readonly missing: number;
  /** Different values; 0 for an array that is no label, and is not read to tell. */
  readonly distinct: number;
  /** All axes of an array. */
  readonly shape?: readonly number[];
}

export interface ModelFacts {
  /** Of a network of the user's own code: whether any weight is reached by several tasks. */
  readonly shares?: boolean;
  /** Output shape of each layer, in the order of building, without the batch axis. */
  readonly layers: readonly LayerFacts[];
  readonly problems: readonly FactProblem[];
}

export interface LayerFacts {
  /** Path in the experiment file, e.g. `["model", "trunk", 2]`. */
  readonly path: readonly (string | number)[];
  readonly name: string;
  readonly outputShape: readonly (number | null)[];
  readonly parameters: number;
  /** Names of its weights, e.g. `kernel`. */
  readonly weights: readonly string[];
}

/** A problem at a path of the experiment file, or in the user's own code that the path names. */
export interface FactProblem {
  readonly path: readonly (string | number)[];
  readonly code: `MTL${string}`;
  readonly message: string;
  /** Nothing stands in the way of a training, but a person should know; an error where it is left out. */
  readonly severity?: "warning" | "information";
  /** The place in the user's own code. */
  readonly place?: CodePlace;
}
