import type { Schedule } from "../experiment/schedule-schema.ts";

/** How long what is scheduled takes, in steps. */
export interface Span {
  readonly steps: number;
  readonly stepsPerEpoch: number;
}

type Shapes = Exclude<Schedule, string>;
type Unit = "epochs" | "steps";

/**
 * Share of the optimizer's learning rate at step t, counted from 0. A function of the step alone: nothing is carried along, so a resumed
 * training needs no more than its step. With w steps of warm-up, u = t − w and U = T − w:
 *
 *   warm-up      from + (1 − from) t/w                                     t < w
 *   step         factor^⌊u / every⌋
 *   exponential  rate^⌊u⌋
 *   cosine       final + (1 − final) (1 + cos π u/U) / 2                   with restarts (Loshchilov & Hutter, ICLR 2017): of each cycle
 *   polynomial   final + (1 − final) (1 − u/U)^power                       linear: power 1
 *
 * `every`, `rate` and `cycle` count whole epochs or steps. The end value belongs to step T, the first that is not made.
 */
export function rateShare(schedule: Schedule | undefined, step: number, span: Span): number {
  const shapes = shapesOf(schedule);
  const warm = warmSteps(shapes, span);
  if (step < warm) {
    const from = shapes.warmup?.from ?? 0;
    return from + ((1 - from) * step) / warm;
  }
  return shapeShare(shapes, step - warm, { ...span, steps: Math.max(1, span.steps - warm) });
}

function shapesOf(schedule: Schedule | undefined): Shapes {
  switch (schedule) {
    case undefined:
    case "constant":
      return {};
    case "linear":
      return { linear: { final: 0 } };
    case "cosine":
      return { cosine: { final: 0, growth: 1, unit: "epochs" } };
    default:
      return schedule;
  }
}

/** Steps of the warm-up; half an epoch may be one step too. */
function warmSteps({ warmup }: Shapes, { stepsPerEpoch }: Span): number {
  if (warmup === undefined) return 0;
  return warmup.steps ?? Math.round((warmup.epochs ?? 0) * stepsPerEpoch);
}

function shapeShare({ step, exponential, cosine, linear, polynomial }: Shapes, done: number, span: Span): number {
  const part = Math.min(1, done / span.steps);
  const length = (unit: Unit): number => (unit === "epochs" ? span.stepsPerEpoch : 1);
  if (step !== undefined) return step.factor ** Math.floor(done / (step.every * length(step.unit)));
  if (exponential !== undefined) return exponential.rate ** Math.floor(done / length(exponential.unit));
  if (linear !== undefined) return linear.final + (1 - linear.final) * (1 - part);
  if (polynomial !== undefined) return polynomial.final + (1 - polynomial.final) * (1 - part) ** polynomial.power;
  if (cosine === undefined) return 1;
  const turned = cosine.cycle === undefined ? part : cyclePart(done, cosine.cycle * length(cosine.unit), cosine.growth);
  return cosine.final + ((1 - cosine.final) * (1 + Math.cos(Math.PI * turned))) / 2;
}

/** Share of the open cycle that is done. */
function cyclePart(done: number, first: number, growth: number): number {
  if (growth === 1) return (done % first) / first;
  let [start, length] = [0, first];
  while (done >= start + length) [start, length] = [start + length, length * growth];
  return (done - start) / length;
}
