import { zeros } from "@tensorflow/tfjs-core";
import type { FactProblem } from "../../experiment/facts.ts";
import type { Split } from "../../experiment/record.ts";
import type { Experiment } from "../../experiment/schema.ts";
import { startBackend, type BackendOptions } from "../backend/backend.ts";
import { DataError } from "../data/data-error.ts";
import { openDataset } from "../data/open-dataset.ts";
import { computeReach } from "../gradients/reach.ts";
import { openNetwork } from "../model/open-network.ts";
import type { DataShape } from "../model/plan.ts";
import { RandomStreams } from "../random-streams.ts";
import { inTensorScope } from "../tensor-scope.ts";
import { StrayErrors } from "../stray-errors.ts";
import { refuseExit } from "./exit-guard.ts";
import { ModuleError } from "./module-error.ts";
import type { ModuleRoom } from "./open-module.ts";
import { UserCode } from "./user-code.ts";

/** What a trial of the user's own code found out, told at once, for the code may never return. */
export interface TrialListener {
  data(rows: Readonly<Record<Split, number>>, shape: DataShape): void;
  /** Whether any weight is reached by several tasks. */
  network(shares: boolean): void;
  problem(problem: FactProblem): void;
}

export interface Trial {
  readonly experiment: Experiment;
  /** What the network must know of data that is not the user's code. */
  readonly shape: DataShape | undefined;
  readonly room: ModuleRoom;
  readonly backend: BackendOptions;
}

/** Runs the modules of an experiment once, as a training would begin, with two rows of zeros. What is wrong with them is told. */
export async function tryOutModules({ experiment, shape, room, backend }: Trial, listener: TrialListener): Promise<void> {
  const streams = new RandomStreams(experiment.training.seed);
  const user = new UserCode();
  const allowExit = refuseExit();
  using strays = new StrayErrors();
  strays.blame = (error) => user.blamed(error);
  try {
    await startBackend("wasm", backend);
    let known = shape;
    if ("module" in experiment.data) {
      const { dataset, module } = await openDataset(experiment, room);
      user.add(module);
      const { inputs, tasks, splits } = dataset;
      known = { inputs, tasks };
      listener.data({ train: splits.train.count, validation: splits.validation.count, test: splits.test.count }, known);
    }
    if (known === undefined || !("module" in experiment.model)) {
      await strays.settle();
      return;
    }
    const { model, module } = await openNetwork(experiment, known, streams, room);
    user.add(module);
    const { inputs } = known;
    const reach = inTensorScope(() => computeReach(model, inputs.map(({ shape: row }) => zeros([1, ...row])))); // prettier-ignore
    listener.network(reach.some((tasks) => tasks.length > 1));
    const unreached = model.parameters.filter((_, index) => reach[index]?.length === 0).map(({ name }) => name);
    if (unreached.length > 0) listener.problem(unreachedProblem(unreached));
    await strays.settle();
  } catch (thrown) {
    const error = user.blamed(thrown);
    if (error instanceof ModuleError) listener.problem(problemOf(error));
    else if (error instanceof DataError) listener.problem({ path: error.path, code: error.code, message: error.message });
    else throw error;
  } finally {
    allowExit();
  }
}

function unreachedProblem([first = "", ...others]: readonly string[]): FactProblem {
  const more = others.length === 0 ? "" : ` (nor on ${others.length} more)`;
  const message = `No task's output depends on the weight "${first}"${more}, so it is never trained. Use it in the forward pass, or take it out.`;
  return { path: ["model", "module"], code: "MTL508", severity: "warning", message };
}

function problemOf({ part, code, explanation, place, file }: ModuleError): FactProblem {
  const path = [part, "module"];
  return place === undefined ? { path, code, message: `${file}: ${explanation}` } : { path, code, message: explanation, place };
}
