import type { TaskKind } from "../../../experiment/task-kinds.ts";
import type { TaskTargets } from "../dataset.ts";
import { ClassFit, classEncoder } from "./class-labels.ts";
import type { LabelEncoder, LabelFit, LabelSettings } from "./label.ts";
import { LabelSetFit, labelSetEncoder } from "./label-sets.ts";
import { NumberFit, numberEncoder } from "./number-labels.ts";
import { PixelFit, pixelEncoder } from "./pixel-labels.ts";

/** How the labels of each kind of task are learnt from rows and written as targets. */
interface LabelKind {
  readonly fit: new (settings: LabelSettings) => LabelFit;
  readonly encoder: (targets: TaskTargets, settings: LabelSettings) => LabelEncoder;
}

const classLabels: LabelKind = { fit: ClassFit, encoder: classEncoder };

const labelKinds: Readonly<Record<TaskKind, LabelKind>> = {
  classification: classLabels,
  binary: classLabels,
  ordinal: classLabels,
  "multi-label": { fit: LabelSetFit, encoder: labelSetEncoder },
  regression: { fit: NumberFit, encoder: numberEncoder },
  segmentation: { fit: PixelFit, encoder: pixelEncoder },
};

/** Begins to learn what the targets of a task are; it is to be shown the training rows alone. */
export function fitLabels(settings: LabelSettings): LabelFit {
  return new labelKinds[settings.kind].fit(settings);
}

/** Writes rows as the targets that were fitted with the same settings. */
export function labelEncoder(targets: TaskTargets, settings: LabelSettings): LabelEncoder {
  return labelKinds[settings.kind].encoder(targets, settings);
}
