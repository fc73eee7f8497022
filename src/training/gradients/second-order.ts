import { engine } from "@tensorflow/tfjs-core";
import { TrainingError } from "../training-error.ts";

let recording = false;
let guarded = false;

/**
 * Runs `forward` with TensorFlow.js's own gradients (`grad`, `grads`, `valueAndGrad`, `variableGrads`, `minimize`) out of reach.
 * Training would differentiate what they give, and of a gradient's gradient TensorFlow.js 4.22 is silently wrong for sigmoid, tanh,
 * exp, softmax and others: it takes their saved output for a constant. `customGrad` stays: it says what its gradient is.
 */
export function refusingGradients<T>(forward: () => T): T {
  if (!guarded) guard();
  recording = true;
  try {
    return forward();
  } finally {
    recording = false;
  }
}

/** Once, and for good: a property that comes and goes would make every access to the engine slow. */
function guard(): void {
  const tensorflow = engine();
  const gradients = tensorflow.gradients.bind(tensorflow);
  tensorflow.gradients = (f, xs, dy, allowNoGradients) => {
    if (recording) throw secondOrder();
    return gradients(f, xs, dy, allowNoGradients);
  };
  guarded = true;
}

function secondOrder(): TrainingError {
  return new TrainingError(
    "second-order",
    "The model takes a gradient in its forward pass (grad, grads, valueAndGrad, valueAndGrads, variableGrads or minimize). " +
      "Training would take the gradient of that gradient, which TensorFlow.js computes wrongly without saying so. " +
      "Write the derivative out with ordinary operations, or give the operation its gradient with customGrad.",
  );
}
