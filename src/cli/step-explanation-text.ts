import { formatShare } from "../analysis/format.ts";
import { stepParts, type OperationRow, type OperationTable, type StepExplanation, type StepPart } from "../experiment/step-explanation.ts";
import { table, toned } from "./terminal.ts";

/** A step explained for people: what to look at first, how it is computed, its parts, its operations, its memory. */
export function explanationText(explanation: StepExplanation): string {
  const { compiled, plain } = explanation.operations;
  return [
    headText(explanation),
    `${firstLook(explanation)}\n`,
    section("Parts of a step", "milliseconds", partsText(explanation)),
    section(
      "Operations of a step",
      compiled === null ? "made plainly, one after the other; time of each alone" : "of the recording, run one after the other",
      operationsText(compiled ?? plain),
    ),
    ...(compiled === null
      ? []
      : [
          explanation.backend.name === "native"
            ? "TensorFlow tells nothing of the inside of a graph's run, so these are the recorded operations made one by one: their shares show where the\n" +
              `work is, and their sum (${msText(compiled.ms)} ms) is not the time of the graph. The optimizer's own graph is not among them.\n`
            : "These are the kernels of the recording, as a step calls them. What is done with the gradients after them, products, combination and\n" +
              "the optimizer's step, is not among them.\n",
        ]),
    section("Memory", "", memoryText(explanation)),
  ].join("\n");
}

function headText({ experiment, phase, backend, rows, batches, balancer, optimizer, compiled, steps }: StepExplanation): string {
  const tensorflow = backend.tensorflow === undefined ? "" : ` with TensorFlow ${backend.tensorflow}`;
  const whole = batches === 1 ? counted(rows, "row") : `${counted(batches, "batch", "batches")} of ${counted(rows, "row")}`;
  const lines: [string, string][] = [
    ["experiment", experiment],
    ...(phase === undefined
      ? []
      : [["phase", `${phase.title}; ${counted(phase.others, "other phase")} not looked at`] as [string, string]]),
    ["step", `${whole}, ${balancer}, ${optimizer}`],
    ["backend", `${backend.name} ${backend.version}${tensorflow}, ${counted(backend.threads, "thread")}`],
    ["compiled", compiled.works ? toned("green", "yes") : `${toned("yellow", "no")}: ${compiled.reason ?? "for no known reason"}`],
    ...compiled.recordings.map(({ tasks, standIns, operations }): [string, string] => [
      "",
      `rows with labels of ${tasks.join(", ")}${standIns ? ", the others with stand-ins" : ""}: ${counted(operations, "operation")} recorded`,
    ]),
    ...(compiled.works
      ? Object.entries(compiled.plainPasses).map(([reason, passes]): [string, string] => [
          "",
          `${counted(passes, "pass", "passes")} made plainly: ${reason}`,
        ])
      : []),
    ...compiled.notes.map((note): [string, string] => ["note", note]),
    ["measured", `mean of the faster half of ${counted(steps.measured, "step")}, after ${String(steps.warmUp)} to warm up`],
  ];
  return table(
    lines.map(([name, value]) => [toned("dim", name), value]),
    "text",
  );
}

/** One sentence that says where the time goes. */
function firstLook({ time, operations }: StepExplanation): string {
  const { ms, parts } = time.compiled ?? time.plain;
  const most = stepParts.reduce((longest, part) => (parts[part] > parts[longest] ? part : longest));
  const [first] = (operations.compiled ?? operations.plain).rows;
  const faster = time.compiled === null ? "" : `, ${ratio(time.plain.ms, time.compiled.ms)} the speed of the plain step`;
  const costly = first === undefined ? "" : `; of its operations ${first.operation} takes most (${formatShare(first.share)})`;
  return toned(
    "bold",
    `Look first at ${partNames[most]}: ${formatShare(parts[most] / ms)} of a step of ${msText(ms)} ms${faster}${costly}.`,
  );
}

function partsText({ backend, time: { plain, compiled } }: StepExplanation): string {
  const head = ["part", "plain", ...(compiled === null ? [] : ["compiled"]), "share"];
  const { ms: whole } = compiled ?? plain;
  const row = (name: string, of: (time: typeof plain) => number): string[] => [
    name,
    msText(of(plain)),
    ...(compiled === null ? [] : [msText(of(compiled))]),
    formatShare(of(compiled ?? plain) / whole, 1),
  ];
  const note =
    compiled === null || backend.name !== "native"
      ? ""
      : "A run of the graph that computes all of a step stands with its forward pass, the way back among it.\n";
  return table([head, ...stepParts.map((part) => row(partNames[part], ({ parts }) => parts[part])), row("total", ({ ms }) => ms)]) + note;
}

const partNames: Readonly<Record<StepPart, string>> = {
  data: "data",
  forward: "forward",
  wayBack: "way back",
  balancing: "balancing",
  optimizer: "optimizer",
  rest: "rest",
};

function operationsText({ rows, times, ms, bytes }: OperationTable): string {
  const cells = [
    ["operation", "times", "ms a step", "share", "output", "largest outputs"],
    ...rows.map((row) => [
      row.operation,
      timesText(row.times),
      msText(row.ms),
      formatShare(row.share, 1),
      sizeText(row.bytes),
      outputsText(row),
    ]),
    ["total", timesText(times), msText(ms), formatShare(1, 1), sizeText(bytes), ""],
  ];
  // The last column is words, which stand to the left.
  const numbers = table(cells.map((row) => row.slice(0, -1)))
    .trimEnd()
    .split("\n");
  return cells.map((row, i) => `${(numbers[i] ?? "").padEnd(Math.max(...numbers.map(({ length }) => length)))}  ${row.at(-1) ?? ""}`.trimEnd()).join("\n") + "\n"; // prettier-ignore
}

/** The most that is shown of an operation. */
const shapesShown = 3;

function outputsText({ outputs }: OperationRow): string {
  const shown = outputs.slice(0, shapesShown).map(({ shape, times }) => `${shapeText(shape)}${times === 1 ? "" : ` ×${timesText(times)}`}`);
  return [...shown, ...(outputs.length > shapesShown ? ["…"] : [])].join(", ");
}

function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? "number" : `[${shape.join(",")}]`;
}

function memoryText({ memory: { resting, plainPeak, recording } }: StepExplanation): string {
  const row = (what: string, held: { readonly tensors: number; readonly bytes: number }): string[] => [
    what,
    timesText(held.tensors),
    sizeText(held.bytes),
  ];
  return table([
    ["", "tensors", "size"],
    row("between two steps", resting),
    row("most at once in a plain step, above that", plainPeak),
    ...(recording === null ? [] : [row("made by the recorded operations of a step, not all at once", recording)]),
  ]);
}

function section(title: string, unit: string, text: string): string {
  return `${toned("bold", title)}${unit === "" ? "" : ` (${unit})`}\n${text}`;
}

/** Enough to tell microseconds apart. */
function msText(ms: number): string {
  return ms.toFixed(3);
}

function ratio(plain: number, compiled: number): string {
  return `${(plain / compiled).toFixed(1)} times`;
}

function timesText(times: number): string {
  return Number.isInteger(times) ? String(times) : times.toFixed(1);
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes.toFixed(0)} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}
