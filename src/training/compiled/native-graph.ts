import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { savedModelBytes, type GraphNode } from "./graph-file.ts";
import type { NativeBinding, NativeTensor } from "./native-binding.ts";

/** A graph that TensorFlow has loaded and runs as one. */
export class NativeGraph {
  readonly #binding: NativeBinding;
  readonly #id: number;

  private constructor(binding: NativeBinding, id: number) {
    this.#binding = binding;
    this.#id = id;
  }

  /** Throws the binding's own error where TensorFlow refuses the graph. */
  static load(binding: NativeBinding, nodes: readonly GraphNode[]): NativeGraph {
    const folder = mkdtempSync(join(tmpdir(), "taskscope-graph-"));
    try {
      writeFileSync(join(folder, "saved_model.pb"), savedModelBytes(nodes));
      return new NativeGraph(binding, binding.loadSavedModel(folder, "serve"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Computes `outputs` from the given values, whatever values of the graph they are. The caller deletes what it gets. */
  run(feeds: ReadonlyMap<string, number>, outputs: readonly string[]): NativeTensor[] {
    return this.#binding.runSavedModel(this.#id, [...feeds.values()], [...feeds.keys()].join(","), outputs.join(","));
  }

  dispose(): void {
    this.#binding.deleteSavedModel(this.#id);
  }
}
