import { listed } from "./finding.ts";
import { experimentJsonSchema, type Shape } from "./json-schema.ts";
import { entriesOf, valueOf, type Path, type Tree } from "./tree.ts";

/** What may stand at a path, as JSON Schemas without alternatives. What the file already says narrows them down. */
export function shapesAt(path: Path, tree: Tree | undefined): readonly Shape[] {
  let shapes = alternatives(experimentJsonSchema());
  let part = tree;
  for (const step of path) {
    const fitting = narrowed(shapes, part, step);
    shapes = fitting.flatMap((shape) => below(shape, step)).flatMap(alternatives);
    part = childOf(part, step);
  }
  return narrowed(shapes, part);
}

/** The schema of a key or list item, with its description, before its alternatives are taken apart. */
export function keyShapeAt(path: Path, tree: Tree | undefined): Shape | undefined {
  const parents = shapesAt(path.slice(0, -1), tree);
  const last = path.at(-1);
  return last === undefined ? experimentJsonSchema() : parents.flatMap((shape) => below(shape, last))[0];
}

function childOf(tree: Tree | undefined, step: PropertyKey): Tree | undefined {
  return tree?.kind === "list" ? tree.items[Number(step)] : valueOf(tree, String(step));
}

/**
 * Drops shapes whose constants contradict what is written, e.g. other balancers' options beside `method: mgda`, and those that are
 * less particular, e.g. tables beside `file: digits.npz`. The key that is being asked about contradicts nothing.
 */
function narrowed(shapes: readonly Shape[], tree: Tree | undefined, asked?: PropertyKey): readonly Shape[] {
  if (tree?.kind !== "map") return shapes;
  const written = entriesOf(tree).filter(({ key }) => key !== asked);
  const fitting = shapes.filter((shape) => written.every(({ key, value }) => mayHold(shape.properties?.[key], value)));
  const particular = fitting.filter((shape) => written.some(({ key }) => patternOf(shape.properties?.[key]) !== undefined));
  if (particular.length > 0) return particular;
  const known = fitting.map((shape) => entriesOf(tree).filter(({ key }) => shape.properties?.[key] !== undefined).length);
  const most = Math.max(...known);
  return fitting.length > 0 ? fitting.filter((_, index) => known[index] === most) : shapes;
}

function mayHold(shape: Shape | boolean | undefined, value: Tree): boolean {
  if (typeof shape !== "object") return true;
  const pattern = patternOf(shape);
  if (pattern !== undefined) return value.kind === "scalar" && new RegExp(pattern).test(String(value.value));
  return shape.const === undefined || (value.kind === "scalar" && value.value === shape.const);
}

function patternOf(shape: Shape | boolean | undefined): string | undefined {
  return typeof shape === "object" ? shape.pattern : undefined;
}

function below(shape: Shape, step: PropertyKey): readonly Shape[] {
  const found = typeof step === "number" ? itemShape(shape, step) : (shape.properties?.[String(step)] ?? shape.additionalProperties);
  return typeof found === "object" ? [found] : [];
}

function itemShape(shape: Shape, index: number): Shape | boolean | undefined {
  const { items, prefixItems } = shape;
  return prefixItems?.[index] ?? (Array.isArray(items) ? undefined : items);
}

function alternatives(shape: Shape): readonly Shape[] {
  const choices = shape.anyOf ?? shape.oneOf;
  if (choices === undefined) return [shape];
  return choices.flatMap((choice) => (typeof choice === "object" ? alternatives(choice) : []));
}

const mapping = "a mapping";

/** What a shape takes, in words: `a whole number, at least 1`. */
export function typeWords(shape: Shape): string {
  const choices = shape.anyOf ?? shape.oneOf;
  if (choices !== undefined) return alternativeWords(alternatives(shape));
  if (shape.const !== undefined) return `\`${String(shape.const)}\``;
  if (shape.enum !== undefined)
    return listed(
      shape.enum.map((value) => `\`${String(value)}\``),
      "or",
    );
  switch (shape.type) {
    case "integer":
      return `a whole number${bounds(shape)}`;
    case "number":
      return `a number${bounds(shape)}`;
    case "string":
      return "a text";
    case "boolean":
      return "`true` or `false`";
    case "array":
      return shape.prefixItems === undefined ? "a list" : `a list of ${shape.prefixItems.length}`;
    case "object":
      return mapping;
    default:
      return "";
  }
}

function alternativeWords(shapes: readonly Shape[]): string {
  const names = shapes.filter((shape) => shape.const !== undefined);
  const others = shapes
    .filter((shape) => shape.const === undefined)
    .map(withoutBounds)
    .map(typeWords);
  const words = [...new Set([...(names.length > 0 ? ["a name"] : []), ...others.filter((word) => word !== "")])];
  return listed(words, "or");
}

/** Among alternatives the kind of value says enough. */
function withoutBounds({ minimum: _, maximum: __, ...shape }: Shape): Shape {
  return shape;
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Shape): string {
  const least = exclusiveMinimum !== undefined ? `above ${exclusiveMinimum}` : minimum !== undefined ? `at least ${minimum}` : "";
  const isReal = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  const most = exclusiveMaximum !== undefined ? `below ${exclusiveMaximum}` : isReal ? `at most ${maximum}` : "";
  const words = [least, most].filter((word) => word !== "");
  return words.length === 0 ? "" : `, ${words.join(" and ")}`;
}

/** Description, type, range and default as Markdown. */
export function shapeMarkdown(shape: Shape): string {
  const words = typeWords(shape);
  const given = defaultWord(shape);
  const normal = given === undefined ? "" : `Default: \`${given}\`.`;
  const type = words === "" || words === mapping ? "" : `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
  return [shape.description ?? "", [type, normal].filter((word) => word !== "").join(" ")].filter((part) => part !== "").join("\n\n");
}

/** Each key of a mapping on a line of its own. */
export function keysMarkdown(shape: Shape): string {
  const required = new Set(shape.required);
  const lines = Object.entries(shape.properties ?? {}).map(([key, below]) => {
    if (typeof below !== "object") return `- \`${key}\``;
    const given = defaultWord(below);
    const normal = given === undefined ? "" : `, default \`${given}\``;
    const need = required.has(key) ? ", needed" : normal;
    return `- \`${key}\` (${typeWords(below)}${need})${below.description === undefined ? "" : `: ${below.description}`}`;
  });
  return lines.join("\n");
}

/** A default that is one word; sections that default to `{}` say nothing by it. */
function defaultWord({ default: given }: Shape): string | undefined {
  if (Array.isArray(given)) return JSON.stringify(given);
  return typeof given === "string" || typeof given === "number" || typeof given === "boolean" ? String(given) : undefined;
}
