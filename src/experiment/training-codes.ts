/** Checks of schedules, early stopping, phases and threads; `codes.ts` joins them to all others. */
export const trainingChecks = {
  MTL231: [
    "Two schedules",
    "`training.schedule` has one shape, such as `cosine` or `step`, and a warm-up beside it if wanted. Delete the other shape.",
  ],
  MTL232: ["Warm-up's length", "A warm-up is as long as its `epochs` or its `steps` say: one of them, not both."],
  MTL233: [
    "Warm-up longer than the training",
    "The learning rate rises until the training is over, and its schedule never begins. Shorten the warm-up, or train longer.",
  ],
  MTL234: [
    "Nothing to watch",
    "What early stopping or the end of a phase watches is `mean`, or a task and one of its metrics, or its loss: `species/accuracy`, `species/loss`. A metric must be among those the task has.",
  ],
  MTL235: [
    "Patience without end",
    "Early stopping waits longer than the whole training takes, so it does nothing. Make `patience` smaller, or train longer.",
  ],
  MTL236: [
    "Phase without end",
    "A phase ends after so many `epochs` or `steps`, or at a `plateau` of the validation. Only the last one may go on without, to the end of the training.",
  ],
  MTL237: [
    "Phases and training of different length",
    "A phase that begins when the training is over never trains. Phases that take longer than `training.epochs` are cut short, and when the last one ends, so does the training.",
  ],
  MTL238: [
    "Learning rate given twice",
    "`learningRate` of a phase takes the place of that of its optimizer, and the optimizer given in the same phase has one of its own. Delete one of them.",
  ],
  MTL239: ["Phase name given twice", "Events tell phases by their names. Give each its own."],
  MTL243: [
    "Dropout of one phase",
    "The balancing method brings dropout with it, which is a part of the network and stays the same in all phases. Name the method under `balancer` of the experiment, or set its dropout to 0.",
  ],
  MTL242: [
    "Threads without the native backend",
    "`training.threads` is for the native backend; wasm computes on one thread. Choose `backend: native` or `auto`, or delete it.",
  ],
  MTL245: [
    "Balancer needs stored gradients",
    "With `training.gradients: recompute` a step keeps no gradients; it walks back through the network again for what it needs of them. Methods that work on the gradients themselves, compare those of several batches, or have an optimizer for every task cannot do without, nor can any where `training.accumulate` adds gradients up over several batches. Set it to `stored` or `auto`, or choose another balancer.",
  ],
} as const;
