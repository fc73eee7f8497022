import { z } from "zod";
import { balancerCatalogue } from "../balancers/catalogue.ts";
import { layerCatalogue } from "./layers.ts";
import { balancerSchema } from "./balancer-schema.ts";
import { experimentSchema, layerSchema } from "./schema.ts";

/** A JSON Schema, or a part of one. */
export type Shape = z.core.JSONSchema.BaseSchema;

let made: Shape | undefined;

/**
 * The whole language of experiment files as one JSON Schema: the zod schema with the catalogues of layers and balancers
 * put in. Completion and hover read it, other editors can use it as it is. Made once.
 */
export function experimentJsonSchema(): Shape {
  made ??= {
    ...z.toJSONSchema(experimentSchema, {
      io: "input",
      override({ zodSchema, jsonSchema }) {
        if (zodSchema === layerSchema) Object.assign(jsonSchema, { anyOf: layerShapes() });
        if (zodSchema === balancerSchema) Object.assign(jsonSchema, { anyOf: balancerShapes() });
      },
    }),
    title: "Taskscope experiment",
  };
  return made;
}

/** A layer by its name alone, where it needs no arguments, or one key with the name. */
function layerShapes(): Shape[] {
  const entries = layerCatalogue.map(({ name, summary, arguments: schema }) => ({
    name,
    shape: { ...optionsShape(schema), description: summary },
  }));
  const bare = entries.filter(({ shape }) => shape.required === undefined || shape.required.length === 0);
  return [
    {
      type: "object",
      properties: Object.fromEntries(entries.map(({ name, shape }) => [name, shape])),
      minProperties: 1,
      maxProperties: 1,
      additionalProperties: false,
    },
    ...bare.map(({ name, shape }) => ({ const: name, description: shape.description })),
  ];
}

function balancerShapes(): Shape[] {
  return [
    ...balancerCatalogue.map(({ id, summary }) => ({ const: id, description: summary })),
    ...balancerCatalogue.map(({ id, summary, options }): Shape => {
      const { properties } = optionsShape(options);
      return {
        type: "object",
        properties: { method: { const: id, description: summary }, ...properties },
        required: ["method"],
        additionalProperties: false,
      };
    }),
  ];
}

/** Options of a balancer, or arguments of a layer. */
export function optionsShape(schema: z.ZodObject): Shape {
  const { $schema: _, ...shape } = z.toJSONSchema(schema, { io: "input" });
  return shape;
}
