import type { DataModule, ModelModule } from "../../../api/taskscope.js";

/** What `defineData` and `defineModel` give: the user's function, and where it was handed over. */
export class Definition<Module extends DataModule | ModelModule> {
  readonly kind: Module["kind"];
  readonly make: Module["make"];
  /** Made where the user's file calls `define…`: its stack tells the place of what is wrong with the definition as a whole. */
  readonly origin: Error;

  constructor(kind: Module["kind"], make: Module["make"]) {
    if (typeof make !== "function") throw new TypeError(`${kind === "data" ? "defineData" : "defineModel"} takes a function.`);
    this.kind = kind;
    this.make = make;
    this.origin = new Error("defined here");
  }
}

export function defineData(make: DataModule["make"]): Definition<DataModule> {
  return new Definition("data", make);
}

export function defineModel(make: ModelModule["make"]): Definition<ModelModule> {
  return new Definition("model", make);
}
