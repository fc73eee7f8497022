import { ModuleError } from "./module-error.ts";
import type { UserModule } from "./open-module.ts";

/** The user's own code in one training. */
export class UserCode {
  readonly #modules: UserModule[] = [];
  /** How many steps are done. */
  step: () => number = () => 0;

  add(module: UserModule | undefined): void {
    if (module !== undefined) this.#modules.push(module);
  }

  /** What is worth telling of the copies that run. */
  get notes(): readonly (string | undefined)[] {
    return this.#modules.map(({ note }) => note);
  }

  /** An error with its place where the user's code threw it, such as in the gradient of an operation of its own; else as it is. */
  blamed(error: unknown): unknown {
    if (error instanceof ModuleError) return error;
    const module = this.#modules.find((each) => each.placeOf(error) !== undefined);
    return module?.thrown(error) ?? error;
  }
}
