import { tensor } from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { Checkpoint, CheckpointArray } from "./checkpoint.ts";
import { noMemory } from "./passes/pass.ts";
import type { Training } from "./training.ts";
import { TrainingError } from "./training-error.ts";

const metricsSchema = z.record(z.string(), z.record(z.string(), z.number()));

const plateauSchema = z.object({ reference: z.number().nullable(), since: z.int() });

/** Missing in checkpoints of versions that did not compile. */
const passMemorySchema = z
  .object({
    habits: z.record(
      z.string(),
      z.object({
        names: z.array(z.string()).readonly(),
        held: z.array(z.string()).readonly().optional(),
        vain: z.int().optional(),
        formed: z.int().optional(),
        weights: z.array(z.number()).readonly().optional(),
        isRepeated: z.boolean(),
        isKnown: z.boolean(),
      }),
    ),
    refusal: z.string().nullable(),
    refused: z.record(z.string(), z.string()).optional(),
    distrusted: z.array(z.string()).readonly(),
    sets: z.record(z.string(), z.int()),
    passes: z.int().nullable(),
    plain: z.record(z.string(), z.int()),
  })
  .default(noMemory);

const valuesSchema = z.object({
  phase: z.object({
    index: z.int().min(0),
    /** Steps after which it began, and from which its balancer counts. */
    start: z.object({ step: z.int().min(0), balancer: z.int().min(0) }),
    plateau: plateauSchema.nullable(),
  }),
  method: z.string(),
  optimizer: z.string(),
  /** One a phase. */
  gradients: z.array(z.enum(["stored", "recompute"])),
  streams: z.record(z.string(), z.array(z.number())),
  /** Where each feed is in its rows; the further batches' after the first. */
  feeds: z.array(z.object({ numbers: z.record(z.string(), z.number()), arrays: z.array(z.string()) })),
  consecutive: z.int().min(0),
  drops: z.array(z.int().min(0)),
  dominanceStep: z.int().min(0),
  clips: z.object({ steps: z.int().min(0), clipped: z.int().min(0) }),
  counts: z.record(z.string(), z.int().min(0)),
  balancer: z.array(z.string()),
  /** Names of the vectors that the balancer keeps. */
  buffers: z.array(z.string()),
  passes: passMemorySchema,
  best: z.object({ step: z.int(), score: z.number(), metrics: metricsSchema }).nullable(),
  plateau: plateauSchema,
  /** Metrics of the last validation. */
  validation: metricsSchema.nullable(),
});

/** Copies all state of a training after `step` steps. */
export function captureState(training: Training, step: number): Checkpoint {
  const arrays = new Map<string, CheckpointArray>();
  for (const [name, values] of liveArrays(training)) arrays.set(name, values.slice());
  for (const { name, variable } of training.model.statistics) arrays.set(`statistic/${name}`, variable.dataSync<"float32">().slice());
  const position = training.stepFeed.save();
  const feeds = position.feeds.map((saved, index) => {
    for (const [name, values] of Object.entries(saved.arrays)) arrays.set(feedArray(index, name), values);
    return { numbers: { ...saved.numbers }, arrays: Object.keys(saved.arrays) };
  });
  const { best, plateau, last } = training.validation;
  const { phase } = training;
  const { state, buffers = {} } = training.stepper.remembered;
  for (const [name, numbers] of Object.entries(state)) arrays.set(`balancer/${name}`, Float64Array.from(numbers));
  for (const [name, vector] of Object.entries(buffers)) arrays.set(`buffer/${name}`, vector.slice());
  const values: z.output<typeof valuesSchema> = {
    phase: { index: phase.plan.index, start: { ...phase.start }, plateau: phase.plateau?.state ?? null },
    method: methodOf(training),
    optimizer: training.optimizer.kind,
    gradients: [...training.storages],
    streams: Object.fromEntries(Object.entries(position.streams).map(([name, state]) => [name, [...state]])),
    feeds,
    consecutive: training.policy.consecutive,
    drops: [...training.policy.drops],
    dominanceStep: training.dominance.lastStep,
    clips: { steps: training.clipShare.steps, clipped: training.clipShare.clipped },
    counts: Object.fromEntries([...training.stepper.slots()].map(([name, { count }]) => [name, count])),
    balancer: Object.keys(state),
    buffers: Object.keys(buffers),
    passes: training.stepper.passes.save(),
    best: best === undefined ? null : { ...best },
    plateau: plateau.state,
    validation: last ?? null,
  };
  return { step, values, arrays };
}

/** Puts a training back to where it was. Throws `TrainingError` when the checkpoint belongs to another experiment. */
export async function restoreState(training: Training, checkpoint: Checkpoint): Promise<void> {
  const parsed = valuesSchema.safeParse(checkpoint.values);
  if (!parsed.success) throw unfit(`its values are not as expected (${z.prettifyError(parsed.error)})`);
  const values = parsed.data;
  if (values.phase.index >= training.plan.phases.length)
    throw unfit(`it was made in the phase ${values.phase.index + 1}, and there is none`);
  training.storages.splice(0, Infinity, ...values.gradients);
  training.reenter(values.phase.index, values.phase.start);
  if (training.phase.plateau !== undefined && values.phase.plateau !== null) training.phase.plateau.state = values.phase.plateau;
  if (values.method !== methodOf(training)) throw unfit(`it was made with the balancer ${values.method}`);
  if (values.optimizer !== training.optimizer.kind) throw unfit(`it was made with the optimizer ${values.optimizer}`);
  restoreWeights(training, checkpoint);
  reviveSlots(training, Object.keys(values.counts));
  for (const [name, live] of liveArrays(training)) {
    if (!name.startsWith("weight/")) live.set(arrayOf(checkpoint, name, live.length));
  }
  for (const [name, slot] of training.stepper.slots()) slot.count = values.counts[name] ?? 0;
  training.stepper.remembered = {
    state: Object.fromEntries(values.balancer.map((name) => [name, [...arrayOf(checkpoint, `balancer/${name}`)]])),
    buffers: Object.fromEntries(values.buffers.map((name) => [name, Float64Array.from(arrayOf(checkpoint, `buffer/${name}`))])),
  };
  training.stepper.passes.restore(values.passes);
  await restoreFeeds(training, checkpoint, values);
  training.policy.consecutive = values.consecutive;
  training.policy.drops = values.drops;
  training.dominance.lastStep = values.dominanceStep;
  Object.assign(training.clipShare, values.clips);
  training.validation.best = values.best ?? undefined;
  training.validation.last = values.validation ?? undefined;
  training.validation.plateau.state = values.plateau;
}

async function restoreFeeds(
  { stepFeed }: Training,
  checkpoint: Checkpoint,
  { feeds: saved, streams }: Pick<z.output<typeof valuesSchema>, "feeds" | "streams">,
): Promise<void> {
  const feeds = saved.map(({ numbers, arrays }, index) => ({
    numbers,
    arrays: Object.fromEntries(arrays.map((name) => [name, Uint32Array.from(arrayOf(checkpoint, feedArray(index, name)))])),
  }));
  try {
    await stepFeed.restore({ feeds, streams });
  } catch (error) {
    if (error instanceof RangeError) throw unfit(error.message.replace(/\.$/, ""));
    throw error;
  }
}

function feedArray(index: number, name: string): string {
  return `feed-${index + 1}/${name}`;
}

/** Makes the slots that the optimizer has from earlier phases, for parameters that are frozen now. */
function reviveSlots({ everything, phase }: Training, names: readonly string[]): void {
  for (const name of names) {
    const parameter = everything.find((each) => each.name === name || name.startsWith(`${each.name}@`));
    if (parameter === undefined) throw unfit(`its optimizer remembers ${name}, which is no parameter`);
    phase.memory.slot(name, parameter.size);
  }
}

/** Weights and statistics alone: what a model needs to answer as it did at that moment. */
export function restoreWeights(training: Training, checkpoint: Checkpoint): void {
  for (const parameter of training.everything) {
    parameter.set(Float32Array.from(arrayOf(checkpoint, `weight/${parameter.name}`, parameter.size)));
  }
  for (const { name, variable } of training.model.statistics) {
    const values = tensor(Float32Array.from(arrayOf(checkpoint, `statistic/${name}`, variable.size)), variable.shape, "float32");
    variable.assign(values);
    values.dispose();
  }
}

/** Everything that is kept in arrays, by its name in a checkpoint. */
function liveArrays(training: Training): readonly (readonly [string, Float32Array | Float64Array])[] {
  const { dominance, everything, stepper, tasks, epochMetrics } = training;
  return [
    ...everything.map(({ name, values }) => [`weight/${name}`, values] as const),
    ...[...stepper.slots()].flatMap(([slot, { buffers }]) =>
      Object.entries(buffers).map(([name, values]) => [`optimizer/${slot}/${name}`, values] as const),
    ),
    ...dominance.parameters.flatMap(({ name, reach }, index) =>
      reach.flatMap((task, position) => {
        const values = dominance.accumulated[index]?.[position];
        return values === undefined ? [] : [[`dominance/${name}/${tasks[task]?.id ?? task}`, values] as const];
      }),
    ),
    ...epochMetrics.flatMap(({ sums }, index) => {
      const task = tasks[index]?.id ?? index;
      return [...sums].map(([name, values]) => [`metrics/${task}/${name}`, values] as const);
    }),
  ];
}

function methodOf({ phase: { plan } }: Training): string {
  return typeof plan.balancer === "string" ? plan.balancer : plan.balancer.method;
}

function arrayOf(checkpoint: Checkpoint, name: string, length?: number): CheckpointArray {
  const values = checkpoint.arrays.get(name);
  if (values === undefined) throw unfit(`it lacks ${name}`);
  if (length !== undefined && values.length !== length)
    throw unfit(`${name} has ${values.length} numbers in it, and the experiment needs ${length}`);
  return values;
}

function unfit(reason: string): TrainingError {
  return new TrainingError("checkpoint", `This checkpoint does not belong to the experiment: ${reason}. Start a new run instead.`);
}
