import { attributeKind, typeAttribute, type Attribute, type GraphNode } from "./graph-file.ts";

/** TensorFlow's numbers of element types. */
export const elementType = { float: 1, double: 2, int32: 3, bool: 10, resource: 20 } as const;

/** Writes nodes of a graph by hand. Values are named `node:output`. */
export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly #prefix: string;
  readonly #floats = new Map<number, string>();

  /** @param prefix of the nodes' names; must differ from what names begin with in a graph that these nodes become part of */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** A value that is fed under this name; of floats where no type is given. */
  placeholder(name: string, shape: readonly number[], type: number = elementType.float): string {
    const attributes = [typeAttribute("dtype", type), { name: "shape", type: attributeKind.shape, value: [...shape] }];
    return this.#add(name, "Placeholder", [], attributes, [type]);
  }

  integers(values: readonly number[]): string {
    const constant = { type: elementType.int32, shape: [values.length], values: Int32Array.from(values) };
    return this.#constant(constant);
  }

  scalarInteger(value: number): string {
    return this.#constant({ type: elementType.int32, shape: [], values: Int32Array.of(value) });
  }

  /** A float everywhere. */
  filled(shape: readonly number[], value: number): string {
    const attributes = [typeAttribute("T", elementType.float), typeAttribute("index_type", elementType.int32)];
    return this.operation("Fill", [this.integers(shape), this.float(value)], attributes, [elementType.float]);
  }

  /** One number; the same node wherever it is asked for. */
  float(value: number): string {
    const known = this.#floats.get(value) ?? this.#constant({ type: elementType.float, shape: [], values: Float32Array.of(value) });
    this.#floats.set(value, known);
    return known;
  }

  double(value: number): string {
    return this.#constant({ type: elementType.double, shape: [], values: Float64Array.of(value) });
  }

  /** An operation on floats whose type attribute is `T`, with one result. `^node` as an input is waited for and not taken in. */
  float32(operation: string, inputs: readonly string[], attributes: readonly Attribute[] = []): string {
    return this.operation(operation, inputs, [typeAttribute("T", elementType.float), ...attributes], [elementType.float]);
  }

  /** The first result of any operation. */
  operation(operation: string, inputs: readonly string[], attributes: readonly Attribute[], outputs: readonly number[]): string {
    return this.#add(`${this.#prefix}${String(this.nodes.length)}`, operation, inputs, attributes, outputs);
  }

  reshape(value: string, shape: readonly number[]): string {
    return this.float32("Reshape", [value, this.integers(shape)], [typeAttribute("Tshape", elementType.int32)]);
  }

  /** Of matrices, or of stacks of them; either may be taken as its transpose. */
  product(left: string, right: string, transposed?: "left" | "right"): string {
    return this.float32("BatchMatMulV2", [left, right], [flag("adj_x", transposed === "left"), flag("adj_y", transposed === "right")]);
  }

  /** Of values of one shape; a single one as it is, and undefined where there are none. */
  sum(values: readonly string[]): string | undefined {
    return values.length < 2 ? values[0] : this.float32("AddN", values, [integer("N", values.length)]);
  }

  /** Of a matrix those from `start` up to `end`. */
  rows(matrix: string, start: number, end: number): string {
    const attributes = [typeAttribute("Index", elementType.int32)];
    return this.float32("Slice", [matrix, this.integers([start, 0]), this.integers([end - start, -1])], attributes);
  }

  /** Values one after the other along an axis. Throws `RangeError` where there are none. */
  joined(values: readonly string[], axis: number): string {
    const [first] = values;
    if (first === undefined) throw new RangeError("There is nothing to join.");
    if (values.length === 1) return first;
    const attributes = [integer("N", values.length), typeAttribute("Tidx", elementType.int32)];
    return this.float32("ConcatV2", [...values, this.scalarInteger(axis)], attributes);
  }

  /** What is there one after the other along an axis: of a vector its numbers. */
  unpack(value: string, count: number, axis = 0): readonly string[] {
    const attributes = [typeAttribute("T", elementType.float), integer("num", count), integer("axis", axis)];
    const first = this.operation("Unpack", [value], attributes, Array<number>(count).fill(elementType.float));
    return Array.from({ length: count }, (_, index) => `${nodeOf(first)}:${String(index)}`);
  }

  #constant(constant: NonNullable<GraphNode["constant"]>): string {
    const name = `${this.#prefix}${String(this.nodes.length)}`;
    this.nodes.push({ name, operation: "Const", inputs: [], attributes: [typeAttribute("dtype", constant.type)], outputs: [constant.type], constant }); // prettier-ignore
    return `${name}:0`;
  }

  #add(name: string, operation: string, inputs: readonly string[], attributes: readonly Attribute[], outputs: readonly number[]): string {
    this.nodes.push({ name, operation, inputs, attributes, outputs });
    return `${name}:0`;
  }
}

export function integer(name: string, value: number): Attribute {
  return { name, type: attributeKind.int, value };
}

export function flag(name: string, value: boolean): Attribute {
  return { name, type: attributeKind.bool, value };
}

export function words(name: string, value: string): Attribute {
  return { name, type: attributeKind.string, value };
}

/** The node that a value is of. */
export function nodeOf(value: string): string {
  return value.slice(0, value.lastIndexOf(":"));
}
