import { assemble } from "./assembler.ts";
import {
  bound,
  findNaN,
  maxPoolGradient,
  maxPoolGradientApart,
  maximum,
  minimum,
  reluGradient,
  scatterPieces,
  sumGroups,
} from "./passes.ts";
import { adamStep, attributedStep, momentumStep, move, nesterovStep, plainStep, squareStep } from "./optimizer-steps.ts";
import { outerProducts, packRows, packTransposed, rowsTimesPanel } from "./products.ts";
import type { Routine } from "./routine.ts";
import { addMasked, addSizes, drawSigns } from "./sign-masks.ts";
import { addWeighted, fourProducts, oneProduct, roundDoubles } from "./sums.ts";
import { addScaledRows, outerProduct, rowsTimesVector } from "./thin-products.ts";

const routines = {
  // Names: rows at a time × columns of the panel.
  rows4x8: rowsTimesPanel(4, 2),
  rows1x8: rowsTimesPanel(1, 2),
  rows8x4: rowsTimesPanel(8, 1),
  rows4x4: rowsTimesPanel(4, 1),
  rows1x4: rowsTimesPanel(1, 1),
  outer5x8: outerProducts(5, 2),
  outer4x8: outerProducts(4, 2),
  outer3x8: outerProducts(3, 2),
  outer2x8: outerProducts(2, 2),
  outer1x8: outerProducts(1, 2),
  outer5x4: outerProducts(5, 1),
  outer4x4: outerProducts(4, 1),
  outer3x4: outerProducts(3, 1),
  outer2x4: outerProducts(2, 1),
  outer1x4: outerProducts(1, 1),
  packRows8: packRows(2),
  packRows4: packRows(1),
  packTransposed8: packTransposed(2),
  packTransposed4: packTransposed(1),
  rowsTimesVector4: rowsTimesVector(4),
  rowsTimesVector1: rowsTimesVector(1),
  addScaledRows4: addScaledRows(4),
  addScaledRows1: addScaledRows(1),
  outerProduct,
  reluGradient,
  bound,
  maximum,
  minimum,
  findNaN,
  sumGroups,
  scatterPieces,
  maxPoolGradient,
  maxPoolGradientApart,
  fourProducts,
  oneProduct,
  addWeighted,
  roundDoubles,
  addSizes,
  drawSigns,
  addMasked,
  // Names: the rule, and whether it moves the parameter or writes its update down.
  plainMove: plainStep("parameter"),
  plainUpdate: plainStep("update"),
  momentumMove: momentumStep("parameter"),
  momentumUpdate: momentumStep("update"),
  nesterovMove: nesterovStep("parameter"),
  nesterovUpdate: nesterovStep("update"),
  adamMove: adamStep("parameter"),
  adamUpdate: adamStep("update"),
  squareMove: squareStep("parameter"),
  squareUpdate: squareStep("update"),
  attributedStep,
  move,
} satisfies Record<string, Routine>;

/** Our routines, ready to run on the memory they were linked to. Parameters are documented where each is written. */
export type Program = Readonly<Record<keyof typeof routines, (...parameters: number[]) => void>>;

/** Assembles the routines and links them to a memory. Takes some milliseconds. */
export function link(memory: WebAssembly.Memory): Program {
  const module = new WebAssembly.Module(assemble(routines));
  const { exports } = new WebAssembly.Instance(module, { host: { memory } });
  if (!isProgram(exports)) throw new TypeError("The assembled module lacks a routine.");
  return exports;
}

function isProgram(exports: object): exports is Program {
  return Object.keys(routines).every((name) => typeof Reflect.get(exports, name) === "function");
}
