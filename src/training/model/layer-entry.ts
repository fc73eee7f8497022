import type { LayerEntry } from "../../experiment/schema.ts";
import { ModelError } from "./model-error.ts";

/** A layer as the experiment file has it, and where. */
export interface PlacedEntry {
  readonly entry: LayerEntry;
  readonly path: readonly (string | number)[];
}

/** Its name in the catalogue, and the arguments given. */
export function partsOf(entry: LayerEntry): { readonly kind: string; readonly given: Readonly<Record<string, unknown>> } {
  if (typeof entry === "string") return { kind: entry, given: {} };
  const [first] = Object.entries(entry);
  return first === undefined ? { kind: "", given: {} } : { kind: first[0], given: first[1] ?? {} };
}

/** Gives each layer a unique name: its own where the experiment names it, else its kind's stem and a number. */
export class LayerNames {
  readonly #taken = new Set<string>();

  constructor(entries: readonly PlacedEntry[]) {
    for (const { entry, path } of entries) {
      const name = partsOf(entry).given["name"];
      if (typeof name !== "string") continue;
      if (this.#taken.has(name)) {
        throw new ModelError({ code: "MTL207", path, message: `Two layers are named "${name}". Give each layer its own name.` });
      }
      this.#taken.add(name);
    }
  }

  automatic(stem: string): string {
    for (let number = 1; ; number++) {
      const name = `${stem}${number}`;
      if (!this.#taken.has(name)) return this.#take(name);
    }
  }

  /** The name itself, or with a number when a layer already has it. */
  exact(name: string): string {
    return this.#taken.has(name) ? this.automatic(name) : this.#take(name);
  }

  #take(name: string): string {
    this.#taken.add(name);
    return name;
  }
}
