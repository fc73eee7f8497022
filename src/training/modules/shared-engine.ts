import * as core from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import type { TensorFlow } from "../../../api/taskscope.js";
import { defineData, defineModel } from "./definition.ts";

/**
 * What the user's own code imports and must share with the training: two copies of TensorFlow.js would be two engines that do not
 * know each other's tensors. The code reaches ours through a global, by imports that stand for the packages.
 */
export const tensorFlow: TensorFlow = { ...core, ...layers };

const shared: Readonly<Record<string, object>> = {
  taskscope: { defineData, defineModel },
  "@tensorflow/tfjs": tensorFlow,
  "@tensorflow/tfjs-core": core,
  "@tensorflow/tfjs-layers": layers,
  // Import it for its native backend where you will: `training.backend` decides what computes.
  "@tensorflow/tfjs-node": tensorFlow,
  "@tensorflow/tfjs-backend-cpu": {},
  "@tensorflow/tfjs-backend-wasm": {},
};

const key = "taskscope.shared-modules";

/** Puts the shared modules where the code that stands for them finds them. */
export function shareModules(): void {
  Reflect.set(globalThis, Symbol.for(key), shared);
}

/** The text of an ES module that stands for a package, or undefined for a package that is not shared. */
export function standIn(name: string): string | undefined {
  const exports = Object.hasOwn(shared, name) ? shared[name] : undefined;
  if (exports === undefined) return undefined;
  const names = Object.keys(exports).filter((each) => each !== "default" && /^[A-Za-z_$][\w$]*$/.test(each));
  return [
    `const all = globalThis[Symbol.for(${JSON.stringify(key)})][${JSON.stringify(name)}];`,
    "export default all;",
    ...names.map((each, index) => `const _${index} = all.${each}; export { _${index} as ${each} };`),
  ].join("\n");
}

/** Names that have a stand-in begin so. */
export const sharedNames = /^(?:taskscope|@tensorflow\/tfjs(?:-(?:core|layers|node|backend-cpu|backend-wasm))?)(?:$|\/)/;
