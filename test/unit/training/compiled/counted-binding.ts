import { isBinding, type NativeBinding } from "../../../../src/training/compiled/native-binding.ts";

/** A binding that counts TensorFlow's tensors, of which the engine does not know all. */
export class CountedBinding {
  readonly binding: NativeBinding;
  alive = 0;

  constructor(real: NativeBinding) {
    const counted: Pick<NativeBinding, "createTensor" | "deleteTensor" | "executeOp" | "runSavedModel"> = {
      createTensor: (...given) => {
        this.alive += 1;
        return real.createTensor(...given);
      },
      deleteTensor: (id) => {
        this.alive -= 1;
        real.deleteTensor(id);
      },
      executeOp: (...given) => this.#made(real.executeOp(...given)),
      runSavedModel: (...given) => this.#made(real.runSavedModel(...given)),
    };
    const whole: unknown = Object.create(real, Object.fromEntries(Object.entries(counted).map(([name, value]) => [name, { value }])));
    if (!isBinding(whole)) throw new TypeError("The binding cannot be counted.");
    this.binding = whole;
  }

  #made<T>(made: T[]): T[] {
    this.alive += made.length;
    return made;
  }
}
