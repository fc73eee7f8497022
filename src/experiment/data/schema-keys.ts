import { z } from "zod";
import type { Path } from "../tree.ts";

/** Keys of the mappings that a schema allows at a path. Of several alternatives, all their keys. */
export function keysAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  let here = alternatives(schema);
  for (const step of path) here = here.flatMap((each) => below(each, step)).flatMap(alternatives);
  return [...new Set(here.flatMap((each) => (each instanceof z.ZodObject ? Object.keys(each.shape) : [])))];
}

function alternatives(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(alternatives);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return alternatives(schema.unwrap());
  }
  return [schema];
}

function below(schema: z.core.$ZodType, step: PropertyKey): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  const found: unknown = schema instanceof z.ZodObject ? schema.shape[String(step)] : undefined;
  return found instanceof z.ZodType ? [found] : [];
}
