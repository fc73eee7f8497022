import { Buffer } from "node:buffer";

/** Kinds of attribute values, numbered as in TensorFlow's `TF_AttrType`. */
export const attributeKind = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const;

/** One attribute of an operation, as the native binding takes it. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

export function typeAttribute(name: string, value: number): Attribute {
  return { name, type: attributeKind.type, value };
}

/** A value that is part of the graph. `type` is TensorFlow's number of the element type. */
export interface Constant {
  readonly type: number;
  readonly shape: readonly number[];
  readonly values: NodeJS.TypedArray;
}

/** One operation. Inputs are `name` or `name:output`. */
export interface GraphNode {
  readonly name: string;
  readonly operation: string;
  readonly inputs: readonly string[];
  readonly attributes: readonly Attribute[];
  /** TensorFlow's numbers of the element types of its outputs. */
  readonly outputs: readonly number[];
  /** Of its outputs, where they are known. */
  readonly shapes?: readonly (readonly number[])[];
  /** Of a `Const` node: its value. */
  readonly constant?: Constant;
}

/** What a graph was made for; TensorFlow reads older graphs, never newer ones. 1395 is of TensorFlow 2.12. */
const producer = 1395;

/**
 * The bytes of a `saved_model.pb` that holds one graph under the tag `serve` and nothing else: the only form in which the published
 * binding takes a graph. Field numbers are those of saved_model.proto, meta_graph.proto, graph.proto, node_def.proto,
 * attr_value.proto, tensor.proto and tensor_shape.proto.
 */
export function savedModelBytes(nodes: readonly GraphNode[]): Buffer {
  const graph = Buffer.concat([...nodes.map((node) => field(1, nodeDef(node))), field(4, integer(1, producer))]);
  const metaGraph = Buffer.concat([field(1, field(4, "serve")), field(2, graph)]);
  return Buffer.concat([integer(1, 1), field(2, metaGraph)]);
}

function nodeDef({ name, operation, inputs, attributes, constant }: GraphNode): Buffer {
  const attribute = (key: string, value: Buffer): Buffer => field(5, Buffer.concat([field(1, key), field(2, value)]));
  return Buffer.concat([
    field(1, name),
    field(2, operation),
    ...inputs.map((input) => field(3, input)),
    ...attributes.map((each) => attribute(each.name, attributeValue(each))),
    ...(constant === undefined ? [] : [attribute("value", field(8, tensorProto(constant)))]),
  ]);
}

function tensorProto({ type, shape, values }: Constant): Buffer {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([integer(1, type), field(2, shapeProto(shape)), field(4, bytes)]);
}

function shapeProto(shape: readonly number[]): Buffer {
  return Buffer.concat(shape.map((size) => field(2, integer(1, size))));
}

function attributeValue({ name, type, value }: Attribute): Buffer {
  const wrong = (): never => {
    throw new TypeError(`The attribute "${name}" has a value of an unknown kind (${type}).`);
  };
  const numbers = (): readonly number[] => (isNumbers(value) ? value : wrong());
  const list = Array.isArray(value) || ArrayBuffer.isView(value);
  switch (type) {
    case attributeKind.string:
      return typeof value === "string" ? field(2, value) : wrong();
    case attributeKind.int:
      if (list) return field(1, field(3, Buffer.concat(numbers().map(variableLength))));
      return typeof value === "number" ? integer(3, value) : wrong();
    case attributeKind.float:
      if (list) return field(1, Buffer.concat(numbers().map((each) => single(4, each))));
      return typeof value === "number" ? single(4, value) : wrong();
    case attributeKind.bool:
      return typeof value === "boolean" ? integer(5, Number(value)) : wrong();
    case attributeKind.type:
      return typeof value === "number" ? integer(6, value) : wrong();
    case attributeKind.shape:
      return field(7, shapeProto(numbers()));
    default:
      return wrong();
  }
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => typeof each === "number");
}

/** Length-delimited. */
function field(number: number, content: Uint8Array | string): Buffer {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.concat([variableLength((number << 3) | 2), variableLength(bytes.length), bytes]);
}

function integer(number: number, value: number): Buffer {
  return Buffer.concat([variableLength(number << 3), variableLength(value)]);
}

function single(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([variableLength((number << 3) | 5), bytes]);
}

/** Seven bits a byte, least first; negative numbers take ten bytes. */
function variableLength(value: number): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}
