import { dirname, join } from "node:path";
import type { RunResult } from "../experiment/record.ts";
import type { Experiment } from "../experiment/schema.ts";
import { resolveBalancer } from "../balancers/catalogue.ts";
import { startBackend, type BackendOptions, type StartedBackend } from "./backend/backend.ts";
import { readCheckpoint, checkpointPath, type Checkpoint } from "./checkpoint.ts";
import { CheckpointKeeper } from "./checkpoint-keeper.ts";
import { openDataset } from "./data/open-dataset.ts";
import { openNetwork } from "./model/open-network.ts";
import { refuseExit } from "./modules/exit-guard.ts";
import { placeEvent } from "./modules/module-error.ts";
import type { ModuleRoom } from "./modules/open-module.ts";
import { UserCode } from "./modules/user-code.ts";
import { RandomStreams } from "./random-streams.ts";
import type { Control, Recorder } from "./recorder.ts";
import { prepareTraining, type Training } from "./training.ts";
import { recordingFiles, ResumedData } from "./resumed-data.ts";
import { TrainingError } from "./training-error.ts";
import { TrainingLoop } from "./training-loop.ts";
import type { StrayErrors } from "./stray-errors.ts";
import { restoreState } from "./training-state.ts";

/** What one training needs to know. */
export interface TrainingRequest {
  readonly experiment: Experiment;
  /** Folder against which paths in the experiment are resolved. */
  readonly baseFolder: string;
  /** Folder that receives `step-N/` checkpoints; created when missing. Beside it, `modules/` keeps the run's copy of the user's own code. */
  readonly checkpointFolder: string;
  /** A `step-N` folder to continue from instead of beginning. */
  readonly resumeFrom?: string;
  /** Where the backends are looked for; the native one in `baseFolder` unless told otherwise. */
  readonly backend?: BackendOptions;
  /** What is thrown outside of the training's own calls; without it nobody looks. */
  readonly strays?: StrayErrors;
}

export type TrainingEnd =
  { readonly kind: "completed"; readonly result: RunResult } | { readonly kind: "stopped"; readonly result: RunResult };

/**
 * Trains one experiment from its first step (or from a checkpoint) to its end, and tests it with the best checkpoint.
 * Throws `DataError`, `ModelError`, `BackendError` or `TrainingError` where training cannot begin or cannot go on.
 */
export async function train(request: TrainingRequest, recorder: Recorder, control: Control): Promise<TrainingEnd> {
  const user = new UserCode();
  const { strays, experiment } = request;
  const allowExit = "module" in experiment.data || "module" in experiment.model ? refuseExit() : undefined;
  try {
    if (strays === undefined) return await trainOn(request, recorder, control, user);
    strays.blame = (error) => user.blamed(error);
    const end = await Promise.race([trainOn(request, recorder, strays.watching(control), user), strays.late]);
    await strays.settle();
    return end;
  } catch (error) {
    const blamed = user.blamed(error);
    const event = placeEvent(blamed, user.step());
    if (event !== undefined) recorder.event(event);
    throw blamed;
  } finally {
    allowExit?.();
  }
}

async function trainOn(request: TrainingRequest, recorder: Recorder, control: Control, user: UserCode): Promise<TrainingEnd> {
  return opened(request, recorder, user, async (training) => {
    const loop = await beginOrResume(training, request, recorder, control);
    user.step = () => loop.steps;
    return await loop.run();
  });
}

/** Opens what a training is made of, does some work with it, and closes it. */
export async function opened<T>(
  request: TrainingRequest,
  recorder: Recorder,
  user: UserCode,
  work: (training: Training, started: StartedBackend) => Promise<T>,
): Promise<T> {
  const { experiment, baseFolder } = request;
  const { backend, threads, compile } = experiment.training;
  const started = await startBackend(backend, { workspaceFolder: baseFolder, threads, compile, ...request.backend });
  const streams = new RandomStreams(experiment.training.seed);
  const room = roomOf(request);
  const data = request.resumeFrom === undefined ? undefined : await ResumedData.compare(request.resumeFrom, baseFolder, recorder);
  const open = async (): ReturnType<typeof openDataset> => await openDataset(experiment, room);
  const { dataset, module: ofData } = data === undefined ? await recordingFiles(request, open) : await open();
  try {
    user.add(ofData);
    const { model, module: ofModel } = await openNetwork(withDropout(experiment), dataset, streams, room);
    try {
      user.add(ofModel);
      const training = prepareTraining({ experiment, dataset, model, streams, backend: started.name });
      recorder.describe(training.description);
      const told = [
        started.note,
        ...user.notes,
        dropoutNote(experiment),
        training.feed.note,
        ...(request.resumeFrom === undefined ? training.notes : []),
      ].filter((note) => note !== undefined);
      for (const message of told) recorder.event({ kind: "note", step: 0, at: Date.now(), message });
      for (const message of dataset.warnings ?? []) recorder.event({ kind: "warning", step: 0, at: Date.now(), message });
      try {
        return await work(training, started);
      } finally {
        await close(training, recorder, user.step());
        training.dispose();
      }
    } finally {
      model.dispose();
    }
  } catch (error) {
    throw data?.blamed(error) ?? error;
  } finally {
    await dataset.close?.();
  }
}

/** Own code that fails at its end changes nothing of what was trained, and is told. */
async function close({ stepFeed }: Training, recorder: Recorder, step: number): Promise<void> {
  try {
    await stepFeed.close();
  } catch (error) {
    if (!(error instanceof TrainingError)) throw error;
    recorder.event({ kind: "warning", step, at: Date.now(), message: `The rows could not be closed: ${error.message}` });
  }
}

function roomOf({ baseFolder, checkpointFolder, resumeFrom }: TrainingRequest): ModuleRoom {
  return { baseFolder, keptFolder: join(dirname(checkpointFolder), "modules"), resumed: resumeFrom !== undefined };
}

/** The dropout that comes with the balancing method, on what the trunk hands to the heads. */
function withDropout(experiment: Experiment): Pick<Experiment, "model" | "tasks"> {
  const { balancer, options } = resolveBalancer(experiment.balancer);
  const { dropout } = balancer.regularisation(options);
  const { model } = experiment;
  if (dropout === 0 || "module" in model) return experiment;
  return { tasks: experiment.tasks, model: { ...model, trunk: [...model.trunk, { dropout: { rate: dropout } }] } };
}

/** A network of the user's own has no place for that dropout that we would know of. */
function dropoutNote({ balancer: entry, model }: Experiment): string | undefined {
  const { balancer, options } = resolveBalancer(entry);
  const { dropout } = balancer.regularisation(options);
  if (dropout === 0 || !("module" in model)) return undefined;
  return `${balancer.title} comes with dropout of ${dropout} behind the trunk, which a network of your own must apply by itself: dropout(trunk, ${dropout}).`;
}

async function beginOrResume(
  training: Training,
  { checkpointFolder, resumeFrom }: TrainingRequest,
  recorder: Recorder,
  control: Control,
): Promise<TrainingLoop> {
  if (resumeFrom === undefined) {
    return new TrainingLoop(training, recorder, control, new CheckpointKeeper(checkpointFolder, recorder));
  }
  const checkpoint = readCheckpoint(resumeFrom);
  await restoreState(training, checkpoint);
  const { best } = training.validation;
  const bestCheckpoint = best === undefined ? undefined : bestBeside(resumeFrom, best.step, checkpoint);
  const keeper = new CheckpointKeeper(checkpointFolder, recorder, bestCheckpoint, checkpoint.step);
  recorder.resume(checkpoint.step, checkpoint.step / training.description.stepsPerEpoch);
  return new TrainingLoop(training, recorder, control, keeper, checkpoint.step);
}

/** The best checkpoint lies beside the one that is resumed from; without it the final test would silently use other weights. */
function bestBeside(resumeFrom: string, step: number, resumed: Checkpoint): Checkpoint {
  return step === resumed.step ? resumed : readCheckpoint(checkpointPath(dirname(resumeFrom), step));
}
