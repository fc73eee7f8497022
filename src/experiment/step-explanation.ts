import { z } from "zod";

/** What a training step comes to: told by the trainer's process (`trainer --explain-step`), printed by `taskscope run --explain-step`. */
export type StepExplanation = z.infer<typeof stepExplanation>;
export type OperationTable = z.infer<typeof operationTable>;
export type OperationRow = z.infer<typeof operationRow>;
export type StepTime = z.infer<typeof stepTime>;
export type StepPart = (typeof stepParts)[number];

/** Parts of a step, in their order. `rest`: rows put on the engine, checks, metrics, what is recorded. */
export const stepParts = ["data", "forward", "wayBack", "balancing", "optimizer", "rest"] as const;

const operationRow = z.object({
  operation: z.string(),
  /** In a step, and milliseconds of a step: of the operation alone, without what it asks for in turn. */
  times: z.number(),
  ms: z.number(),
  /** Of the time of all operations, 0 to 1. */
  share: z.number(),
  /** Of all its outputs in a step. */
  bytes: z.number(),
  /** Shapes of its outputs and how often each comes in a step, the largest first. */
  outputs: z.array(z.object({ shape: z.array(z.number()), times: z.number() })),
});

const operationTable = z.object({
  /** Steps of which this is the mean. */
  steps: z.number(),
  /** All operations of a step. */
  times: z.number(),
  ms: z.number(),
  bytes: z.number(),
  /** The longest first. */
  rows: z.array(operationRow),
});

/** Milliseconds of one step, and of its parts, which add up to it. */
const stepTime = z.object({ ms: z.number(), parts: z.record(z.enum(stepParts), z.number()) });

const tensors = z.object({ tensors: z.number(), bytes: z.number() });

export const stepExplanation = z.object({
  experiment: z.string(),
  backend: z.object({ name: z.string(), version: z.string(), threads: z.number(), tensorflow: z.string().exactOptional() }),
  /** Where the training has phases: the one whose steps these are, and how many others there are, which are not looked at. */
  phase: z.object({ title: z.string(), others: z.number() }).exactOptional(),
  balancer: z.string(),
  optimizer: z.string(),
  /** Rows of a whole batch, and batches of a step. */
  rows: z.number(),
  batches: z.number(),
  steps: z.object({ warmUp: z.number(), measured: z.number() }),
  compiled: z.object({
    /** Whether passes of these steps ran compiled. */
    works: z.boolean(),
    /** Why they did not, as the end of a sentence. */
    reason: z.string().nullable(),
    /** One for each set of tasks that have labels in a batch. */
    recordings: z.array(z.object({ tasks: z.array(z.string()), standIns: z.boolean(), operations: z.number() })),
    /** How many passes were plain all the same, by the reason. */
    plainPasses: z.record(z.string(), z.number()),
    /** What the run would note. */
    notes: z.array(z.string()),
  }),
  time: z.object({ plain: stepTime, compiled: stepTime.nullable() }),
  operations: z.object({
    plain: operationTable,
    /** Those of the recording, run one after the other; null where no step is compiled. */
    compiled: operationTable.nullable(),
  }),
  memory: z.object({
    /** Between two steps. */
    resting: tensors,
    /** The most at once in a plain step, above what rests. */
    plainPeak: tensors,
    /** All values that the recorded operations make in a step; null where no step is compiled. */
    recording: tensors.nullable(),
  }),
});
