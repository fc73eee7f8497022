import type { AdagradOptions } from "./adagrad.ts";
import type { AdamOptions } from "./adam.ts";
import type { RmspropOptions } from "./rmsprop.ts";
import type { SgdOptions } from "./sgd.ts";

/** What an optimizer computes, for those who compute it elsewhere than its slots do. */
export type UpdateRule =
  | ({ readonly kind: "sgd" } & SgdOptions)
  | ({ readonly kind: "adam" } & AdamOptions)
  | ({ readonly kind: "rmsprop" } & RmspropOptions)
  | ({ readonly kind: "adagrad" } & AdagradOptions);
