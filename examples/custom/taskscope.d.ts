// Types of the module "taskscope", which data and model modules of an experiment import. Written by `taskscope types`.
// The types of TensorFlow.js come from @tensorflow/tfjs-core and @tensorflow/tfjs-layers, where these are installed.
declare module "taskscope" {
  /**
   * What a data module and a model module of an experiment are written with. docs/custom-code.md tells it with examples.
   *
   *   data: { module: ./data.ts }       export default defineData(async (context) => …)
   *   model: { module: ./model.ts }     export default defineModel((context) => …)
   */
  import type * as core from "@tensorflow/tfjs-core";
  import type * as layers from "@tensorflow/tfjs-layers";

  export type Tensor = core.Tensor;
  export type Variable = core.Variable;
  export type Layer = layers.layers.Layer;
  /** What `tf.model` and `tf.sequential` make. Told by its shape, so that a function's types hold where TensorFlow.js is not installed. */
  export interface LayersModel {
    readonly inputs: readonly object[];
    readonly outputs: readonly object[];
    readonly layers: readonly object[];
    readonly trainable: boolean;
  }

  /** TensorFlow.js as the run uses it: there is one copy, whichever way it is reached. */
  export type TensorFlow = typeof core & typeof layers;

  /** Random numbers from a named stream, so that a run can be repeated. */
  export interface Random {
    /** Uniform in [0, 1). */
    readonly uniform: () => number;
    /** Standard normal. */
    readonly normal: () => number;
    /** A whole number in [0, bound). */
    readonly below: (bound: number) => number;
    /** Shuffles in place. */
    readonly shuffle: (values: { [index: number]: number; readonly length: number }) => void;
  }

  export interface TaskInfo {
    /** Its name in the experiment. */
    readonly id: string;
    readonly kind: "classification" | "binary" | "multi-label" | "ordinal" | "regression" | "segmentation";
  }

  /** Options as the experiment gives them under `options`. */
  export type Options = Readonly<Record<string, unknown>>;

  // ── Data ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Makes a data module. Your function is called once, before anything is trained. */
  export function defineData(make: (context: DataContext) => Data | Promise<Data>): DataModule;

  export interface DataModule {
    readonly kind: "data";
    readonly make: (context: DataContext) => Data | Promise<Data>;
  }

  export interface DataContext {
    /** Folder of the experiment file: where your own files are. */
    readonly folder: string;
    /** The same draws in every run, whatever its seed: runs with other seeds are compared on the same rows. */
    readonly random: Random;
    /** `training.seed`, for data that shall differ with it. */
    readonly seed: number;
    readonly tasks: readonly TaskInfo[];
    readonly options: Options;
  }

  export interface Data {
    /** What enters the network; most have one input. */
    readonly inputs: readonly InputInfo[];
    /** What the targets of a task are. A binary task and a regression of one number need say nothing. */
    readonly tasks?: Readonly<Record<string, TaskData>>;
    readonly splits: Readonly<Record<"train" | "validation" | "test", Rows | RowStream>>;
  }

  export interface TaskData {
    /** Classes or labels: their names in the order of their numbers, or how many there are. Binary: `["no", "yes"]` unless told otherwise. */
    readonly classes?: readonly string[] | number;
    /** Shape of a row's targets, where it is not one number: `[components]` of a regression, `[height, width]` of a segmentation. */
    readonly shape?: readonly number[];
    /**
     * Of a regression: mean and standard deviation of the training targets, for each component where there are several. The network
     * learns (target − mean) ⁄ deviation. Without it they are computed, for which a stream is read once before the training.
     */
    readonly scale?: Scale | readonly Scale[];
  }

  export interface Scale {
    readonly mean: number;
    readonly deviation: number;
  }

  export interface InputInfo {
    readonly name: string;
    /** Shape of one row: `[features]`, `[height, width, channels]`, `[steps, channels]`, … */
    readonly shape: readonly number[];
    /** Names of the features, where the shape is `[features]`. */
    readonly features?: readonly string[];
  }

  /** Numbers one after the other. */
  export type Numbers =
    Float32Array | Float64Array | Int32Array | Uint8Array | Int8Array | Int16Array | Uint16Array | Uint32Array | readonly number[];

  /** Rows in memory. */
  export interface Rows {
    readonly rows: number;
    /** By the input's name: `rows × product(shape)` numbers, row after row. */
    readonly inputs: Readonly<Record<string, Numbers>>;
    /**
     * By task, row after row: the number of the class, counted from 0; for each label of a multi-label task 0 or 1; numbers in the
     * unit in which metrics are shown.
     */
    readonly targets: Readonly<Record<string, Numbers>>;
    /** By task: for each row 1 or true where it has a label. A task that is left out has one in every row. */
    readonly present?: Readonly<Record<string, Numbers | readonly boolean[]>>;
  }

  /** Rows that come a piece at a time, for data that does not fit into memory. */
  export interface RowStream {
    /** Rows in an epoch; each epoch must give exactly as many. */
    readonly rows: number;
    /**
     * Gives the rows of one epoch in pieces of any size. Called anew for each epoch of the training, and with epoch 0 for each
     * look at validation and test. Its `random` goes by the run's seed and the epoch, and is kept in checkpoints: for the same epoch and
     * the same draws it must give the same rows, or a resumed run differs. An epoch that a run does not take to its end is closed with the
     * iterator's `return`.
     */
    batches(context: { readonly epoch: number; readonly batchSize: number; readonly random: Random }): AsyncIterable<Rows> | Iterable<Rows>;
  }

  // ── Model ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Makes a model module. Your function is called once for each run and makes the network with its first weights. */
  export function defineModel(make: (context: ModelContext) => Model | Promise<Model>): ModelModule;

  export interface ModelModule {
    readonly kind: "model";
    readonly make: (context: ModelContext) => Model | Promise<Model>;
  }

  export interface ModelContext {
    readonly tf: TensorFlow;
    readonly inputs: readonly InputInfo[];
    readonly tasks: readonly ModelTask[];
    readonly options: Options;
    readonly random: Random;
    /**
     * Makes a parameter with first values from a random stream of its own, so that its name alone decides them. The part of the name
     * before the last dot is its layer: `expert1.kernel`.
     */
    readonly parameter: (name: string, shape: readonly number[], first?: Initializer | number | Numbers) => Variable;
    /** Makes a state that training changes without gradients, such as a moving average. Checkpoints hold it. */
    readonly statistic: (name: string, shape: readonly number[], first?: number | Numbers) => Variable;
    /**
     * Names a layer of TensorFlow.js, so that its weights are trained and kept as `<name>.kernel` and so on, and returns a function
     * that applies it. It is built when it is first applied.
     */
    readonly layer: (name: string, layer: Layer) => (input: Tensor | readonly Tensor[]) => Tensor;
    /** Dropout while training, nothing otherwise. */
    readonly dropout: (input: Tensor, rate: number) => Tensor;
  }

  export interface ModelTask extends TaskInfo {
    /**
     * Numbers that the network gives for it in each row: a logit a class (classification), one logit (binary), a logit a label
     * (multi-label), a logit for each threshold between neighbouring classes (ordinal), a number a component (regression; with the loss
     * gaussian then as many log variances), or a logit a class at each pixel (segmentation).
     */
    readonly outputs: number;
    /** Shape of them for a row: `[outputs]`, or `[height, width, outputs]` for a segmentation. */
    readonly outputShape: readonly number[];
    /** Names of its classes or labels; empty for a regression. */
    readonly classes: readonly string[];
  }

  /** First values of a parameter, as TensorFlow.js's initializers of these names. */
  export type Initializer =
    | "zeros"
    | "ones"
    | "glorotNormal"
    | "glorotUniform"
    | "heNormal"
    | "heUniform"
    | "leCunNormal"
    | "leCunUniform"
    | "randomNormal"
    | "randomUniform"
    | "truncatedNormal"
    | "orthogonal"
    | "identity";

  /** The network: a function of the inputs, or a model of TensorFlow.js (`tf.model`) with one output a task, in their order. */
  export type Model = Forward | NetworkParts | LayersModel;

  /**
   * One forward pass on `inputs`, each `[rows, …shape]`: `[rows, …outputShape]` for each task, by its name or in the order of the tasks.
   * Which tasks share a parameter is found from what it computes, and need not be declared.
   */
  export type Forward = (
    inputs: readonly Tensor[],
    context: { readonly training: boolean },
  ) => Readonly<Record<string, Tensor>> | readonly Tensor[];

  export interface NetworkParts {
    readonly forward: Forward;
    /** Variables, layers and models that were not made with `parameter` or `layer`, by name. */
    readonly parameters?: Readonly<Record<string, Variable | Layer | LayersModel>>;
    /**
     * True where `forward` depends on nothing but its inputs, its parameters and statistics, `training`, and what it draws from `dropout`: not on
     * a count of its calls, or on values that it reads. Then the native backend may record a step and run it as one graph, which is faster.
     */
    readonly compile?: boolean;
  }
}
