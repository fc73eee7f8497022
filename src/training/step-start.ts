import { StatisticsSnapshot } from "./model/statistics-snapshot.ts";
import { MotionSnapshot } from "./motion-snapshot.ts";
import type { StepParts } from "./step.ts";

/** All that a step changes, as it was when the step began, but what the balancer remembers. */
export class StepStart {
  readonly #parts: StepParts;
  readonly #motion: MotionSnapshot;
  #hasMotion = false;
  #goBack: () => void = () => undefined;

  constructor(parts: StepParts) {
    this.#parts = parts;
    this.#motion = new MotionSnapshot([...parts.parameters.common, ...parts.parameters.owned], parts.memory);
  }

  /** A step begins. Lives within the tensor scope that is open. */
  begin(): void {
    const { model, noise, policy, passes } = this.#parts;
    const statistics = new StatisticsSnapshot(model.statistics);
    const [drawn, habits, consecutive, drops] = [noise.save(), passes.save(), policy.consecutive, [...policy.drops]];
    this.#hasMotion = false;
    this.#goBack = () => {
      statistics.restore();
      noise.restore(drawn);
      passes.restore(habits);
      policy.consecutive = consecutive;
      policy.drops = drops;
    };
  }

  /** The parameters move now, and the step may still fail. */
  beforeMoving(): void {
    if (!this.#hasMotion) this.#motion.take();
    this.#hasMotion = true;
  }

  goBack(): void {
    this.#goBack();
    if (this.#hasMotion) this.#motion.restore();
  }
}
