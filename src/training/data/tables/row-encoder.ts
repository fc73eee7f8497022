import type { InputSpec, RowValues } from "../dataset.ts";
import type { PackedValues } from "./column-packer.ts";
import type { Expansion, InputEncoder } from "./input-encoder.ts";
import { codeType, fieldBytes, rowBlock, RowLayout, type FieldType, type RowBlock } from "./packed-rows.ts";
import type { FittedTask } from "./task-fit.ts";

/** Arrays for so many rows, to be written again and again. */
export interface BatchArrays {
  readonly capacity: number;
  readonly inputs: readonly Float32Array[];
  readonly targets: readonly Float32Array[];
  readonly present: readonly Uint8Array[];
}

/** How a column enters one of the network's inputs. */
export interface NamedEncoder {
  readonly name: string;
  readonly encoder: InputEncoder;
}

/** A field of the packed row that becomes features, and where they go. */
interface ExpandedField {
  readonly field: number;
  readonly expansion: Expansion;
  readonly input: number;
  /** Place of the first feature in a row of that input. */
  readonly at: number;
}

/**
 * Packs rows once, when the data is read: numbers scaled, categories as their number, targets as they are. Unpacks them into what
 * the network takes in whenever a batch is made, so that features such as one-hot ones are never kept for all rows.
 */
export class RowEncoder {
  /** As the experiment names them. Features come first, the numbers of embedded categories after them. */
  readonly inputs: readonly InputSpec[];
  readonly layout: RowLayout;
  readonly #encoders: readonly NamedEncoder[];
  readonly #tasks: readonly FittedTask[];
  readonly #expanded: readonly ExpandedField[];
  /** First field of each task's targets; the mark of a label comes after them. */
  readonly #taskFields: readonly number[];

  constructor(encoders: readonly NamedEncoder[], tasks: readonly FittedTask[]) {
    this.inputs = [...new Set(encoders.map(({ name }) => name))].map((name) => inputSpec(name, encoders));
    this.#encoders = encoders;
    this.#tasks = tasks;
    this.#expanded = expandedFields(encoders, this.inputs);
    const types: FieldType[] = encoders.flatMap(({ encoder }) => encoder.fields.map(({ type }) => type));
    this.#taskFields = tasks.map(({ targets, size }) => {
      const first = types.length;
      const isClass = size === 1 && targets.classes.length > 0;
      types.push(...new Array<FieldType>(size).fill(isClass ? codeType(targets.classes.length) : "float32"), "uint8");
      return first;
    });
    this.layout = new RowLayout(types);
  }

  /** Packs rows of a table, of which `columns` are all slots' values. */
  pack(columns: readonly PackedValues[], rows: Uint32Array): Uint8Array<ArrayBuffer> {
    const { stride } = this.layout;
    const bytes = new Uint8Array(rows.length * stride);
    const block = rowBlock(bytes, this.layout);
    let field = 0;
    for (const { encoder } of this.#encoders) {
      const { slot, fields } = encoder;
      const values = columns[slot] ?? new Float64Array();
      for (const { pack } of fields) {
        const { into, at, step } = this.#source(block, field++, 0);
        for (let i = 0; i < rows.length; i++) into[i * step + at] = pack(values[rows[i] ?? 0] ?? Number.NaN);
      }
    }
    this.#tasks.forEach((task, index) => {
      this.#packTargets(task, this.#taskFields[index] ?? 0, columns, rows, block);
    });
    return bytes;
  }

  arrays(capacity: number): BatchArrays {
    return {
      capacity,
      inputs: this.inputs.map(({ shape }) => new Float32Array(capacity * (shape[0] ?? 1))),
      targets: this.#tasks.map(({ size }) => new Float32Array(capacity * size)),
      present: this.#tasks.map(() => new Uint8Array(capacity)),
    };
  }

  /** Writes `count` rows of a block, from its row `start` on, into the rows of the arrays from `offset` on. */
  unpack(arrays: BatchArrays, offset: number, block: RowBlock, start: number, count: number): void {
    for (const { field, expansion, input, at } of this.#expanded) {
      const source = this.#source(block, field, start);
      const width = this.inputs[input]?.shape[0] ?? 1;
      expand(expansion, source, { into: arrays.inputs[input] ?? new Float32Array(), at: offset * width + at, step: width }, count);
    }
    this.#tasks.forEach(({ size }, index) => {
      const first = this.#taskFields[index] ?? 0;
      const [targets = new Float32Array(), present = new Uint8Array()] = [arrays.targets[index], arrays.present[index]];
      for (let i = 0; i < size; i++) {
        copy(this.#source(block, first + i, start), { into: targets, at: offset * size + i, step: size }, count);
      }
      copy(this.#source(block, first + size, start), { into: present, at: offset, step: 1 }, count);
    });
  }

  #packTargets(task: FittedTask, first: number, columns: readonly PackedValues[], rows: Uint32Array, block: RowBlock): void {
    const own = task.slots.map((slot) => columns[slot] ?? new Float64Array());
    const values = own.map(() => 0);
    const targets = new Float32Array(task.size);
    const places = Array.from({ length: task.size + 1 }, (_, i) => this.#source(block, first + i, 0));
    for (let i = 0; i < rows.length; i++) {
      for (let position = 0; position < own.length; position++) values[position] = own[position]?.[rows[i] ?? 0] ?? Number.NaN;
      const isPresent = task.write(targets, values);
      places.forEach(({ into, at, step }, place) => {
        into[i * step + at] = place < task.size ? (targets[place] ?? 0) : isPresent ? 1 : 0;
      });
    }
  }

  /** A field of the rows from `start` on. */
  #source(block: RowBlock, field: number, start: number): Strided {
    const type = this.layout.types[field] ?? "uint8";
    const step = this.layout.stride / fieldBytes[type];
    return { into: block[type], at: start * step + (this.layout.offsets[field] ?? 0), step };
  }
}

/** Every `step`th number of an array, from the place `at` on. */
interface Strided {
  readonly into: RowBlock[FieldType];
  readonly at: number;
  readonly step: number;
}

function copy(source: Strided, target: Strided, count: number): void {
  const [from, into] = [source.into, target.into];
  for (let i = 0; i < count; i++) into[target.at + i * target.step] = from[source.at + i * source.step] ?? 0;
}

function expand(expansion: Expansion, source: Strided, target: Strided, count: number): void {
  if (expansion.kind === "itself") return copy(source, target, count);
  const { width } = expansion;
  const table = expansion.kind === "table" ? expansion.table : undefined;
  for (let i = 0; i < count; i++) {
    const code = source.into[source.at + i * source.step] ?? 0;
    const start = target.at + i * target.step;
    if (table !== undefined) {
      for (let j = 0; j < width; j++) target.into[start + j] = table[code * width + j] ?? 0;
    } else {
      target.into.fill(0, start, start + width);
      if (code > 0) target.into[start + code - 1] = 1;
    }
  }
}

function inputSpec(name: string, encoders: readonly NamedEncoder[]): InputSpec {
  const own = encoders.filter((each) => each.name === name).map(({ encoder }) => encoder);
  const plain = own.flatMap(({ features, embedding }) => (embedding === undefined ? features : []));
  const embeddings = own.flatMap(({ embedding }) => embedding ?? []);
  const features = [...plain, ...embeddings.map(({ column }) => column)];
  const spec = { name, shape: [features.length], features };
  if (embeddings.length === 0) return spec;
  return {
    ...spec,
    embeddings: embeddings.map(({ column, categories, size }) => {
      return { name: column, rows: categories.length, size, zeroRow: categories.length - 1 };
    }),
  };
}

/** Fields in the order of the encoders; in each input, embedded ones behind all others. */
function expandedFields(encoders: readonly NamedEncoder[], inputs: readonly InputSpec[]): ExpandedField[] {
  const free = inputs.map(({ shape, embeddings = [] }) => ({ plain: 0, embedded: (shape[0] ?? 0) - embeddings.length }));
  let field = 0;
  return encoders.flatMap(({ name, encoder }) => {
    const input = inputs.findIndex((each) => each.name === name);
    const place = free[input] ?? { plain: 0, embedded: 0 };
    return encoder.fields.map(({ expansion }): ExpandedField => {
      if (encoder.embedding !== undefined) return { field: field++, expansion, input, at: place.embedded++ };
      const at = place.plain;
      place.plain += expansion.kind === "itself" ? 1 : expansion.width;
      return { field: field++, expansion, input, at };
    });
  });
}

/** The first rows of arrays that have room for more. */
export function firstRows({ capacity, inputs, targets, present }: BatchArrays, rows: number): RowValues {
  const cut = (all: Float32Array): Float32Array => (rows === capacity ? all : all.subarray(0, (all.length / capacity) * rows));
  return { rows, inputs: inputs.map(cut), targets: targets.map(cut), present: present.map((all) => all.subarray(0, rows)) };
}

/**
 * Copies picked rows into a block, from its row `offset` on. A row's number is that of its block among `blocks`, times the rows of
 * a block, plus its place in there.
 */
export function gatherRows(blocks: readonly RowBlock[], rows: Uint32Array, blockRows: number, into: RowBlock, offset: number): void {
  const words = into.uint32.length / into.rows;
  const shift = Math.log2(blockRows);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    const from = blocks[row >>> shift]?.uint32;
    if (from === undefined) throw new RangeError(`Row ${row} is in no block.`);
    const start = (row & (blockRows - 1)) * words;
    const target = (offset + i) * words;
    for (let word = 0; word < words; word++) into.uint32[target + word] = from[start + word] ?? 0;
  }
}
