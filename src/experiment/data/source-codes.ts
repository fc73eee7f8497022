/** Checks of several sources; `codes.ts` joins them to all others. */
export const sourceChecks = {
  MTL260: ["Unknown task in a source", "A source's `tasks` names a task that the experiment does not have. The message names the nearest."],
  MTL261: [
    "Task in two sources",
    "Each task is learnt from one source, so that its classes, its scale and its metrics are those of one set of rows. Give it to one of them, or join the two files.",
  ],
  MTL262: ["Task in no source", "No source says that its rows have labels for this task. Add it to the `tasks` of one."],
  MTL263: ["Temperature without effect", "`temperature` is the root that `shares: root` takes. With other shares it does nothing."],
  MTL264: [
    "One task in each batch",
    "Sources of one task each, drawn in turns, give batches with labels for one task alone: a method that compares the gradients of several tasks has nothing to compare. `schedule: mixed` puts rows of every source into every batch, and with `training.accumulate` a step has batches of several sources.",
  ],
  MTL265: [
    "Shares that do not fit the sources",
    "`schedule.shares` names a source that there is not, or says nothing of one that there is. Give each source one share.",
  ],
  MTL370: [
    "Sources differ in their inputs",
    "All sources feed the same network, so each must have the same inputs, of the same shape, made of the same columns in the same order. The message tells the first difference.",
  ],
} as const;
