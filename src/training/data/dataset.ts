import type { RandomStream } from "../../balancers/kernels/random-stream.ts";
import type { Split } from "../../experiment/record.ts";
import type { Augment } from "./augment/augmentation.ts";
import type { TaskKind } from "../../experiment/task-kinds.ts";

/** A data set, ready to be cut into batches. Where its rows are, in memory or elsewhere, is its sources' affair. */
export interface Dataset {
  /** At least one. */
  readonly inputs: readonly InputSpec[];
  readonly tasks: readonly TaskTargets[];
  readonly splits: Readonly<Record<Split, RowSource>>;
  /** What a person should know of the data, and nobody may have told before the training. */
  readonly warnings?: readonly string[];
  /** Changes training rows by chance as they are drawn; validation and test see all rows as they are. */
  readonly augment?: Augment;
  /** Gives back what the rows take outside of memory. */
  close?(): Promise<void>;
}

/** One input of the network. */
export interface InputSpec {
  readonly name: string;
  /** Shape of one row, without the batch axis: `[features]`, or `[height, width, channels]`. */
  readonly shape: readonly number[];
  /** Names of the features where they have names (tables), else empty. */
  readonly features: readonly string[];
  /** Of images: what black has become, a value for each channel. */
  readonly black?: readonly number[];
  /**
   * Where the last features are numbers of categories, one a feature in this order: the network learns a vector for each category,
   * and puts it in the number's place.
   */
  readonly embeddings?: readonly EmbeddingSpec[];
}

/** A vector of `size` numbers for each of `rows` categories. That of `zeroRow` begins as 0, and no training row moves it. */
export interface EmbeddingSpec {
  /** What the categories are of, such as a column. */
  readonly name: string;
  readonly rows: number;
  readonly size: number;
  readonly zeroRow: number;
}

/** What a task's targets are, fitted on the training rows alone. */
export interface TaskTargets {
  readonly id: string;
  readonly kind: TaskKind;
  /** Class labels in the order of the outputs, or the names of a multi-label task's labels; empty for regression. */
  readonly classes: readonly string[];
  /** Shape of a row's targets: `[]` for one class or number, `[labels]`, `[components]`, or `[height, width]`. */
  readonly shape: readonly number[];
  /** How often the training rows have each class or label; undefined where nobody counted. */
  readonly counts?: readonly number[];
  /** Of a multi-label task: how often it is known of a training row that it lacks the label. */
  readonly absences?: readonly number[];
  /** One entry a component of a regression, else empty. */
  readonly numbers: readonly NumberTargets[];
}

/** A regression's targets are standardised with these; metrics are reported in the column's own unit. */
export interface NumberTargets {
  readonly mean: number;
  readonly deviation: number;
}

/** Some rows. What is given out may be reused or shared by its source: who keeps it must copy it. */
export interface RowValues {
  readonly rows: number;
  /** One an input, `rows × product(shape)`, row-major. */
  readonly inputs: readonly Float32Array[];
  /**
   * One a task, `rows × product(shape)`, row-major: class indices, 0 or 1 for each label, or standardised numbers. 0 in a row
   * without a label; NaN for what is not known of a row that has some of its labels.
   */
  readonly targets: readonly Float32Array[];
  /** One a task: 1 where the row has a label, 0 where it is missing. */
  readonly present: readonly Uint8Array[];
}

/** The rows of one split. The source decides how it shuffles, since only it knows what it can reach at what cost. */
export interface RowSource {
  readonly count: number;
  /** Batches in an order that `stream` alone decides. Several feeds of one source do not disturb each other. */
  feed(options: FeedOptions): BatchFeed;
  /** All rows once, in the source's own order, in batches of `rows`. */
  scan(rows: number): AsyncIterable<RowValues>;
}

export interface FeedOptions {
  readonly batchSize: number;
  readonly stream: RandomStream;
  /** Seed of what all feeds of one training must draw alike, such as whose turn it is among several sources. */
  readonly scheduleSeed?: number;
}

/** Batches without end, epoch after epoch; the last of an epoch may be smaller. */
export interface BatchFeed {
  /** Batches in an epoch. */
  readonly batches: number;
  /** True where batches differ by turns in the tasks that they have labels for. */
  readonly takesTurns?: boolean;
  /** What a run should tell of how its rows are drawn, where that is not plain. */
  readonly note?: string;
  /** The next batch; a promise only where it must be waited for. A feed that throws may have moved on: only `restore` brings it back. */
  next(): RowValues | Promise<RowValues>;
  /** Where it is in its rows. The stream's own state is kept with the other streams'. */
  save(): FeedState;
  /** Goes on from there; the stream has been put back before. Throws `RangeError` when the state is of other rows. */
  restore(state: FeedState): void | Promise<void>;
  /** Gives back what it holds open; nothing is asked of it afterwards. */
  close?(): Promise<void>;
}

/** Plain data, for checkpoints. */
export interface FeedState {
  readonly numbers: Readonly<Record<string, number>>;
  readonly arrays: Readonly<Record<string, Uint32Array>>;
}
