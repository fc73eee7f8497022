export const taskKindNames = ["classification", "binary", "multi-label", "ordinal", "regression", "segmentation"] as const;

/** What a task predicts. */
export type TaskKind = (typeof taskKindNames)[number];
