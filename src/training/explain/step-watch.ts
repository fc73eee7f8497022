import type { Batch } from "../batches.ts";
import type { LockStepVisitor, WayBack } from "../gradients/way-back.ts";
import { DirectionUpdate } from "../optimizers/common-update.ts";
import { TaskwiseUpdate } from "../optimizers/taskwise-update.ts";
import type { HeldGradients } from "../passes/held-gradients.ts";
import type { Pass, Passes, PassWish } from "../passes/pass.ts";
import { Proposer } from "../proposer.ts";
import { TrainedParameter } from "../trained-parameter.ts";
import type { Training } from "../training.ts";
import type { PartClock } from "./part-clock.ts";
import { around } from "./timed-calls.ts";

/** Sees to it that a clock knows the parts of a training's steps, until it is disposed of. */
export class StepWatch {
  readonly #clock: PartClock;
  readonly #passes: Passes;
  readonly #undo: (() => void)[] = [];
  readonly #forward: Passes["forward"];
  /** Is told of a forward pass before it is made, inside its step. */
  beforeForward: ((batch: Batch, wish: PassWish) => void) | undefined;

  constructor({ stepFeed, stepper, phase }: Training, clock: PartClock) {
    this.#clock = clock;
    this.#passes = stepper.passes;
    this.#undo.push(
      around(stepFeed, "next", (made, args) => clock.during("data", () => made(args))),
      around(stepper.passes, "losses", (made, args) => clock.during("forward", () => made(args))),
      ...[Proposer.prototype].flatMap((owner) => this.#timed(owner, ["compute", "computeFrom", "weighHeld"], "balancing")),
      ...this.#timed(phase.balancer, ["groups", "demand", "weigh", "learn"], "balancing"),
      ...[DirectionUpdate.prototype, TaskwiseUpdate.prototype].flatMap((owner) => this.#timed(owner, ["apply"], "optimizer")),
      ...this.#timed(TrainedParameter.prototype, ["move"], "optimizer"),
      ...[...phase.memory.slots.values()].flatMap((slot) => this.#timed(slot, ["step"], "optimizer")),
    );
    this.#forward = stepper.passes.forward.bind(stepper.passes);
    Object.defineProperty(stepper.passes, "forward", { value: this.#watchedForward, configurable: true, writable: true });
  }

  [Symbol.dispose](): void {
    Reflect.deleteProperty(this.#passes, "forward");
    for (const undo of this.#undo.reverse()) undo();
  }

  #timed(owner: object, methods: readonly string[], part: Parameters<PartClock["during"]>[0]): (() => void)[] {
    return methods.map((method) => around(owner, method, (made, args) => this.#clock.during(part, () => made(args))));
  }

  readonly #watchedForward = (batch: Batch, wish: PassWish): Pass => {
    this.beforeForward?.(batch, wish);
    const pass = this.#clock.during("forward", () => this.#forward(batch, wish));
    return {
      outputs: pass.outputs,
      losses: pass.losses,
      get walks() {
        return pass.walks;
      },
      back: (tasks) =>
        new WatchedWay(
          this.#clock.during("wayBack", () => pass.back(tasks)),
          this.#clock,
        ),
      hold: () => this.#watchedHold(pass.hold?.()),
      dispose: () => pass.dispose(),
    };
  };

  #watchedHold(held: HeldGradients | undefined): HeldGradients | undefined {
    if (held === undefined) return undefined;
    return {
      products: (asksParts) => this.#clock.during("wayBack", () => held.products(asksParts)),
      sum: (weights) => this.#clock.during("wayBack", () => held.sum(weights)),
      rows: () => this.#clock.during("wayBack", () => held.rows()),
      parts: (weights) => this.#clock.during("wayBack", () => held.parts(weights)),
      apart: () => this.#clock.during("wayBack", () => held.apart()),
      track: (means, paces) => this.#clock.during("balancing", () => held.track(means, paces)),
      move: (motion) => this.#clock.during("optimizer", () => held.move(motion)),
      giveUp: () => held.giveUp(),
    };
  }
}

/** A way back whose time is told to a clock. What is done with gradients in lock-step is balancing. */
class WatchedWay implements WayBack {
  readonly #way: WayBack;
  readonly #clock: PartClock;

  constructor(way: WayBack, clock: PartClock) {
    this.#way = way;
    this.#clock = clock;
  }

  get losses(): number {
    return this.#way.losses;
  }

  get own(): WayBack["own"] {
    return this.#clock.during("wayBack", () => this.#way.own);
  }

  representation(): ReturnType<WayBack["representation"]> {
    return this.#clock.during("wayBack", () => this.#way.representation());
  }

  summed(weights: readonly number[]): ReturnType<WayBack["summed"]> {
    return this.#clock.during("wayBack", () => this.#way.summed(weights));
  }

  alone(position: number): ReturnType<WayBack["alone"]> {
    return this.#clock.during("wayBack", () => this.#way.alone(position));
  }

  inLockStep(visit: LockStepVisitor, variables?: ReadonlySet<number>): void {
    this.#clock.during("wayBack", () =>
      this.#way.inLockStep((variable, gradients) => this.#clock.during("balancing", () => visit(variable, gradients)), variables),
    );
  }
}
