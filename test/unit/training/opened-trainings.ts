import { afterEach, vi } from "vitest";
import type { Training } from "../../../src/training/training.ts";

/** For the tests of the file that calls it: trainings that are told of are gone after each test, and so are all spies. */
export function openedTrainings(): { readonly add: (training: Training) => Training } {
  const opened: Training[] = [];
  afterEach(() => {
    vi.restoreAllMocks();
    for (const training of opened.splice(0)) {
      training.dispose();
      training.model.dispose();
    }
  });
  return {
    add: (training) => {
      opened.push(training);
      return training;
    },
  };
}
