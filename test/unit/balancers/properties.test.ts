import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Balancer } from "../../../src/balancers/balancer.ts";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { RandomStream } from "../../../src/balancers/kernels/random-stream.ts";
import type { Properties } from "../../../src/balancers/method-facts.ts";
import { directionOf, dot, norm, playSteps, times, type Rows } from "./playing.ts";

interface Step {
  readonly rows: Rows;
  readonly losses: readonly number[];
}

/** Steps one after the other, an epoch each, the last of which is looked at; and which task is scaled by what in all of them. */
interface Case {
  readonly steps: readonly Step[];
  readonly task: number;
  readonly factor: number;
}

/** Where a law ends and a counter-example begins, relative to the lengths that enter. */
const tolerance = 1e-5;
/** Draws in which a counter-example to what is declared not to hold must turn up. */
const search = 2000;

/** How far a method is from having a property in one case, relative to the lengths that enter; 0 where it has it. */
type Distance = (balancer: Balancer, given: Case) => number;

const distances: Readonly<Record<Exclude<keyof Properties, "length" | "note">, Distance>> = {
  nonConflicting(balancer, { steps }) {
    const d = lastDirection(balancer, steps);
    return Math.max(0, ...(steps.at(-1)?.rows ?? []).map((row) => -dot(row, d) / norm(row) / (norm(d) || 1)));
  },
  scaleFree(balancer, { steps, task, factor }) {
    const scaled = steps.map(({ rows, losses }) => ({
      rows: rows.map((row, i) => (i === task ? times(row, factor) : row)),
      losses: losses.map((loss, i) => (i === task ? loss * factor : loss)),
    }));
    return apart(unit(lastDirection(balancer, scaled)), unit(lastDirection(balancer, steps)));
  },
  sumWithoutConflict(balancer, { steps }) {
    const friendly = steps.map(({ rows, losses }) => ({ rows: rows.map((row) => row.map(Math.abs)), losses }));
    const last = friendly.at(-1)?.rows ?? [];
    const sum = (last[0] ?? []).map((_, j) => last.reduce((total, row) => total + (row[j] ?? 0), 0));
    const d = times(lastDirection(balancer, friendly), 1 / norm(sum));
    return Math.min(apart(d, unit(sum)), apart(times(d, last.length), unit(sum)));
  },
  orderFree(balancer, { steps, task }) {
    const turned = <Value>(list: readonly Value[]) => [...list.slice(task), ...list.slice(0, task)];
    const d = lastDirection(balancer, steps);
    const other = lastDirection(
      balancer,
      steps.map(({ rows, losses }) => ({ rows: turned(rows), losses: turned(losses) })),
    );
    return apart(times(other, 1 / (norm(d) || 1)), unit(d));
  },
};

/** Methods that visit the tasks in turn have no one direction to say this of. */
const told = balancerCatalogue.filter(({ properties, action }) => properties !== undefined && action !== "alternate");

describe.each(told.map((balancer) => [balancer.id, balancer] as const))("%s", (id, balancer) => {
  const { properties } = balancer;
  if (properties === undefined) throw new Error("unreachable");
  const list = (["nonConflicting", "scaleFree", "sumWithoutConflict", "orderFree"] as const).map(
    (name) => [name, properties[name]] as const,
  );

  test.each(list.filter(([, holds]) => holds === "yes"))(`${id}: %s holds, as is declared`, (name) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        expect(distances[name](balancer, caseOf(seed, 1))).toBeLessThan(tolerance);
      }),
    );
  });

  test.each(list.filter(([, holds]) => holds === "no"))(`${id}: %s has a counter-example, as is declared`, (name) => {
    const shows = (seed: number) => [1, 6].some((length) => distances[name](balancer, caseOf(seed, length)) > 100 * tolerance);
    const found = Array.from({ length: search }, (_, seed) => seed).find(shows);
    expect(found, `none of ${search} draws shows that it does not hold`).toBeDefined();
  });

  test.runIf(properties.length !== undefined)(`${id}: grows with a common scale of all losses by the declared power`, () => {
    const scale = fc.double({ min: -2, max: 2, noNaN: true }).map((power) => 10 ** power);
    fc.assert(
      fc.property(fc.nat(), scale, (seed, s) => {
        // Six steps: a method that takes the tasks in turn has a direction only when it has seen them all.
        const { steps } = caseOf(seed, 6);
        const before = norm(lastDirection(balancer, steps));
        const scaled = steps.map(({ rows, losses }) => ({ rows: rows.map((row) => times(row, s)), losses: times(losses, s) }));
        const after = norm(lastDirection(balancer, scaled));
        expect(Math.abs(after / (before * s ** (properties.length ?? 0)) - 1)).toBeLessThan(tolerance);
      }),
    );
  });
});

/** Two to five tasks of full rank, lengths over an order of magnitude, losses of their own; the same for the same seed. */
function caseOf(seed: number, length: number): Case {
  const stream = RandomStream.seeded(seed, "case");
  const tasks = 2 + stream.below(4);
  const [task, factor] = [1 + stream.below(tasks - 1), Math.exp(2 * stream.normal())];
  return { steps: Array.from({ length }, () => stepOf(tasks, stream)), task, factor };
}

function stepOf(tasks: number, stream: RandomStream): Step {
  const losses = Array.from({ length: tasks }, () => 0.2 + 2 * stream.uniform());
  for (;;) {
    const rows = losses.map(() => {
      const scale = Math.exp(stream.normal());
      return Array.from({ length: 8 }, () => scale * stream.normal());
    });
    if (leastSine(rows) > 0.2) return { rows, losses };
  }
}

function lastDirection(balancer: Balancer, steps: readonly Step[]): readonly number[] {
  const answers = playSteps(
    balancer.id,
    steps.map(({ rows, losses }, epoch) => ({ jacobian: rows, losses, epoch })),
    {},
    // Properties are told of the equations: the optimizer's guard against 0 ⁄ 0 is left out.
    { optimizer: { kind: "adam", epsilon: 1e-30 } },
  );
  const last = answers.at(-1);
  if (last === undefined) throw new Error("As many steps in as out.");
  return directionOf(last);
}

function unit(vector: readonly number[]): readonly number[] {
  return times(vector, 1 / (norm(vector) || 1));
}

function apart(a: readonly number[], b: readonly number[]): number {
  return norm(a.map((value, i) => value - (b[i] ?? 0)));
}

/** Least sine of the angle between a row and the span of those before it. */
function leastSine(rows: Rows): number {
  const axes: (readonly number[])[] = [];
  return Math.min(
    ...rows.map((row) => {
      const left = axes.reduce<readonly number[]>((rest, axis) => rest.map((value, i) => value - dot(rest, axis) * (axis[i] ?? 0)), row);
      axes.push(unit(left));
      return norm(left) / norm(row);
    }),
  );
}
