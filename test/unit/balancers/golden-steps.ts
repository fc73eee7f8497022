import { readFileSync } from "node:fs";
import { z } from "zod";

const file = z
  .object({ matrices: z.record(z.string(), z.looseObject({ J: z.array(z.array(z.number())) })), steps: z.record(z.string(), z.unknown()) })
  .parse(JSON.parse(readFileSync(new URL("../../golden/balancer-golden.json", import.meta.url), "utf8")));

export const numbers = z.array(z.number());

/** The golden values of one step by their id. Throws when the file has them in another shape. */
export function goldenStep<Shape extends z.ZodRawShape>(id: string, shape: Shape): z.output<z.ZodObject<Shape>> {
  return z.object(shape).parse(file.steps[id]);
}

/** Letters of the golden matrices. */
export const matrixLetters = Object.keys(file.matrices);

/** A method's golden weights and direction on a matrix; throws where it has none of its own, e.g. is stationary. */
export function goldenAnswer(
  letter: string,
  method: string,
): { readonly w?: readonly number[] | undefined; readonly d: readonly number[] } {
  return z.object({ w: numbers.optional(), d: numbers }).parse(file.matrices[letter]?.[method]);
}

/** A golden matrix by its letter. */
export function goldenMatrix(letter: string): readonly (readonly number[])[] {
  const matrix = file.matrices[letter];
  if (matrix === undefined) throw new RangeError(`There is no golden matrix ${letter}.`);
  return matrix.J;
}
