import { engine } from "@tensorflow/tfjs-core";
import type { OperationTable, StepExplanation, StepTime } from "../../experiment/step-explanation.ts";
import type { StartedBackend } from "../backend/backend.ts";
import { CheckpointKeeper } from "../checkpoint-keeper.ts";
import { endedCompilation } from "../compiled/compilation.ts";
import { refuseExit } from "../modules/exit-guard.ts";
import { UserCode } from "../modules/user-code.ts";
import type { OperationRun } from "../passes/recordings.ts";
import type { Control, Recorder } from "../recorder.ts";
import { opened, type TrainingRequest } from "../train.ts";
import { isTracked } from "../tracked-steps.ts";
import { silentRecorder } from "../silent-recorder.ts";
import { prepareTraining, type Training } from "../training.ts";
import { TrainingLoop } from "../training-loop.ts";
import { KernelWatch } from "./kernel-watch.ts";
import { operationTable } from "./operation-table.ts";
import { PartClock, partsOf } from "./part-clock.ts";
import { StepWatch } from "./step-watch.ts";

/** Steps before anything is measured, in which passes are recorded and the processor's code is made; then those whose time is taken, and whose operations are. */
const counts = { warmUp: 8, timed: 20, operations: 8 } as const;
/** Nobody waits longer for the timed steps, but three are made. */
const patienceMs = 10_000;

/**
 * Makes the first steps of a training as the training would, and tells what one of them comes to: as it is made and, where it is compiled, plainly
 * too. Writes what the user's code and the data need into the request's folders, and records nothing. Throws as `train`.
 */
export async function explainStep(request: TrainingRequest): Promise<StepExplanation> {
  const user = new UserCode();
  const { experiment } = request;
  const allowExit = "module" in experiment.data || "module" in experiment.model ? refuseExit() : undefined;
  try {
    return await opened(request, silentRecorder, user, (training, started) => explain(training, started, request.checkpointFolder));
  } catch (error) {
    throw user.blamed(error);
  } finally {
    allowExit?.();
  }
}

function phaseOf({ phase, plan: { phases } }: Training): Pick<StepExplanation, "phase"> {
  if (phases.length < 2) return {};
  const { name, index } = phase.plan;
  return { phase: { title: name ?? `phase ${index + 1}`, others: phases.length - 1 } };
}

async function explain(training: Training, started: StartedBackend, folder: string): Promise<StepExplanation> {
  const { experiment, phase, tasks } = training;
  const usual = await measure(training, folder);
  const recordings = training.stepper.passes.recordings?.list() ?? [];
  const { plain: plainPasses } = training.stepper.passes.save();
  const plain = usual.recorded === null ? usual : await measurePlain(training, folder);
  const compilation = endedCompilation({
    compile: experiment.training.compile,
    backend: started.name,
    passes: training.stepper.passes,
  });
  return {
    experiment: experiment.name,
    backend: {
      name: started.name,
      version: started.version,
      threads: started.threads,
      ...(started.tensorflow === undefined ? {} : { tensorflow: started.tensorflow }),
    },
    ...phaseOf(training),
    balancer: phase.balancer.balancer.id,
    optimizer: phase.optimizer.kind,
    rows: Math.min(experiment.training.batchSize, training.description.rows.train),
    batches: experiment.training.accumulate,
    steps: { warmUp: counts.warmUp, measured: usual.steps },
    compiled: {
      works: compilation.works,
      reason: compilation.works ? null : compilation.reason,
      recordings: recordings.map(({ tasks: positions, ...facts }) => ({ ...facts, tasks: positions.map((task) => tasks[task]?.id ?? "") })),
      plainPasses,
      notes: usual.notes,
    },
    time: { plain: plain.time, compiled: usual.recorded === null ? null : usual.time },
    operations: { plain: plain.kernels, compiled: usual.recorded },
    memory: {
      resting: plain.resting,
      plainPeak: plain.peak,
      recording: usual.recorded === null ? null : { tensors: outputsOf(usual.recorded), bytes: usual.recorded.bytes },
    },
  };
}

/** The same training without compiling. It has the model in common with the other, and goes on from the weights as they are. */
async function measurePlain(training: Training, folder: string): Promise<Measured> {
  const { experiment, dataset, model, streams, backend } = training;
  const settings = { ...experiment, training: { ...experiment.training, compile: false } };
  const plain = prepareTraining({ experiment: settings, dataset, model, streams, backend });
  try {
    return await measure(plain, folder);
  } finally {
    await plain.stepFeed.close();
    plain.dispose();
  }
}

interface Measured {
  readonly steps: number;
  readonly time: StepTime;
  /** Operations that the engine asks for. */
  readonly kernels: OperationTable;
  /** Those of the recordings; null where none is used. */
  readonly recorded: OperationTable | null;
  readonly resting: { readonly tensors: number; readonly bytes: number };
  readonly peak: { readonly tensors: number; readonly bytes: number };
  readonly notes: string[];
}

async function measure(training: Training, folder: string): Promise<Measured> {
  const notes: string[] = [];
  const recorder: Recorder = {
    ...silentRecorder,
    event: ({ kind, message }) => {
      if (kind === "note") notes.push(message);
    },
  };
  const loop = new TrainingLoop(training, recorder, goOn, new CheckpointKeeper(folder, recorder));
  const clock = new PartClock();
  using watch = new StepWatch(training, clock);
  const { every } = training.experiment.track;
  const isUsual = (): boolean => every === 1 || !isTracked(loop.steps, every, training.feed.takesTurns === true);
  /** Rows of a batch as most are. */
  let rows = 0;
  /** Makes one step of whole batches, and no tracked one, and takes from it what `made` makes of it; others are made on the way. */
  const usualStep = async <T>(made: () => Promise<T>, beforeForward?: StepWatch["beforeForward"]): Promise<T> => {
    for (;;) {
      while (!isUsual()) await loop.step();
      const seen: number[] = [];
      watch.beforeForward = (batch, wish) => {
        seen.push(batch.rows);
        beforeForward?.(batch, wish);
      };
      const taken = await made();
      watch.beforeForward = undefined;
      if (training.feed.takesTurns === true || seen.every((each) => each === rows)) return taken;
    }
  };
  watch.beforeForward = (batch) => (rows = Math.max(rows, batch.rows));
  while (loop.steps < counts.warmUp) await loop.step();

  const times: StepTime[] = [];
  const begun = performance.now();
  while (times.length < counts.timed && (times.length < 3 || performance.now() - begun < patienceMs)) {
    const time = await usualStep(async () => {
      clock.begin();
      await loop.step();
      return clock.end();
    });
    times.push(time);
  }

  const recorded: OperationRun[][] = [];
  for (let step = 0; step < counts.operations; step++) {
    let runs: OperationRun[] = [];
    await usualStep(
      () => {
        runs = [];
        return loop.step();
      },
      (batch, wish) => void training.stepper.passes.recordings?.eachOperation(batch, wish, (run) => void runs.push(run)),
    );
    // Made plainly, it has none.
    if (runs.length > 0) recorded.push(runs);
  }

  const kernels: OperationRun[][] = [];
  const { numTensors: tensors, numBytes: bytes } = engine().memory();
  let peak = { tensors: 0, bytes: 0 };
  for (let step = 0; step < counts.operations; step++) {
    const watched = await usualStep(async () => {
      const runs: OperationRun[] = [];
      using kernelWatch = new KernelWatch((run) => void runs.push(run));
      await loop.step();
      return { runs, peak: kernelWatch.peak };
    });
    kernels.push(watched.runs);
    peak = watched.peak;
  }
  return {
    steps: times.length,
    time: meanOfFaster(times),
    kernels: operationTable(kernels),
    recorded: recorded.length === 0 ? null : operationTable(recorded),
    resting: { tensors, bytes },
    peak: { tensors: Math.max(0, peak.tensors - tensors), bytes: Math.max(0, peak.bytes - bytes) },
    notes,
  };
}

/** Of the faster half: what else the machine does makes the others slower. */
function meanOfFaster(times: readonly StepTime[]): StepTime {
  const faster = [...times].sort((a, b) => a.ms - b.ms).slice(0, Math.ceil(times.length / 2));
  const mean = (of: (time: StepTime) => number): number => faster.reduce((sum, time) => sum + of(time), 0) / faster.length;
  return { ms: mean(({ ms }) => ms), parts: partsOf((part) => mean((time) => time.parts[part])) };
}

function outputsOf({ rows }: OperationTable): number {
  return rows.reduce((sum, { outputs }) => sum + outputs.reduce((all, { times }) => all + times, 0), 0);
}

const goOn: Control = { stopRequested: () => false, takeCheckpointRequest: () => false };
