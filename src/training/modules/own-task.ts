import type { TaskKind } from "../../experiment/task-kinds.ts";
import type { NumberTargets, TaskTargets } from "../data/dataset.ts";
import { isRecord, RowsFault, shown, sizeOf } from "./rows-fault.ts";

/** What the user's code says of a task's targets, checked. */
export interface OwnTask {
  readonly id: string;
  readonly kind: TaskKind;
  readonly classes: readonly string[];
  readonly shape: readonly number[];
  /** Of a regression, where it is given: one entry a component. */
  readonly scale: readonly NumberTargets[] | undefined;
  /** Whether a row may have some of its labels: those it lacks are NaN. */
  readonly mayBePartial: boolean;
}

/** Reads what `tasks` of the user's data says of one task. Throws `RowsFault`. */
export function readTask(id: string, kind: TaskKind, all: unknown): OwnTask {
  const given = all === undefined ? {} : isRecord(all) ? (all[id] ?? {}) : undefined;
  if (!isRecord(given)) throw new RowsFault("`tasks` must be an object with one for each task that needs it.");
  const foreign = Object.keys(given).find((key) => !["classes", "shape", "scale"].includes(key));
  if (foreign !== undefined) throw new RowsFault(`tasks.${id} has "${foreign}"; it takes \`classes\`, \`shape\` and \`scale\`.`);
  const classes = readClasses(id, kind, given["classes"]);
  const shape = readShape(id, kind, given["shape"], classes);
  const partly: readonly TaskKind[] = ["multi-label", "segmentation", "regression"];
  return {
    id,
    kind,
    classes,
    shape,
    scale: readScale(id, kind, given["scale"], shape),
    mayBePartial: partly.includes(kind) && shape.length > 0,
  };
}

/** The targets as the training takes them. */
export function targetsOf(
  { id, kind, classes, shape }: OwnTask,
  numbers: readonly NumberTargets[],
  counted: Pick<TaskTargets, "counts" | "absences"> = {},
): TaskTargets {
  return { id, kind, classes, shape, numbers, ...counted };
}

function readClasses(id: string, kind: TaskKind, given: unknown): readonly string[] {
  if (kind === "regression") {
    if (given !== undefined) throw new RowsFault(`The task "${id}" is a regression and has no classes. Delete tasks.${id}.classes.`);
    return [];
  }
  if (given === undefined && kind === "binary") return ["no", "yes"];
  const least = kind === "multi-label" ? 1 : 2;
  const names =
    typeof given === "number" && Number.isInteger(given) ? Array.from({ length: Math.max(0, given) }, (_, index) => String(index)) : given;
  if (!isNames(names) || names.length < least) {
    const found = given === undefined ? "missing" : shown(given);
    throw new RowsFault(
      `tasks.${id}.classes is ${found}. Give the names of the classes in the order of their numbers, or how many there are, at least ${least}.`,
    );
  }
  if (kind === "binary" && names.length !== 2)
    throw new RowsFault(`The task "${id}" is binary, and tasks.${id}.classes has ${names.length} names. Give two.`);
  if (new Set(names).size !== names.length) throw new RowsFault(`tasks.${id}.classes has a name twice.`);
  return names;
}

function readShape(id: string, kind: TaskKind, given: unknown, classes: readonly string[]): readonly number[] {
  const axes = { classification: 0, binary: 0, ordinal: 0, "multi-label": 0, regression: 1, segmentation: 2 }[kind];
  if (given === undefined) {
    if (kind === "segmentation") throw new RowsFault(`The task "${id}" is a segmentation: give tasks.${id}.shape as [height, width].`);
    return kind === "multi-label" ? [classes.length] : [];
  }
  if (axes === 0) throw new RowsFault(`A row of the task "${id}" has one label, or one for each class. Delete tasks.${id}.shape.`);
  if (isShape(given) && given.length === axes) return given;
  throw new RowsFault(`tasks.${id}.shape must be ${axes === 1 ? "[components]" : "[height, width]"}, in whole numbers above 0.`);
}

function readScale(id: string, kind: TaskKind, given: unknown, shape: readonly number[]): readonly NumberTargets[] | undefined {
  if (given === undefined) return undefined;
  if (kind !== "regression") throw new RowsFault(`The task "${id}" is no regression. Delete tasks.${id}.scale.`);
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length !== sizeOf(shape))
    throw new RowsFault(`tasks.${id}.scale has ${list.length} entries, and there are ${sizeOf(shape)} components.`);
  return list.map((each) => {
    const { mean, deviation } = isRecord(each) ? each : {};
    if (typeof mean === "number" && Number.isFinite(mean) && typeof deviation === "number" && deviation > 0 && Number.isFinite(deviation))
      return { mean, deviation };
    throw new RowsFault(`tasks.${id}.scale must have a number \`mean\` and a number \`deviation\` above 0.`);
  });
}

export function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((axis) => Number.isInteger(axis) && Number(axis) > 0);
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "");
}
