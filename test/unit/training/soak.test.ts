import { expect, test } from "vitest";
import { reportOf, soak } from "../../bench/soak/soak.ts";
import { onEachBackend } from "./each-backend.ts";

// The long form, with the memory of the process, is `npm run soak`.
onEachBackend((backend) => {
  test("leaves no tensor behind from step to step", async () => {
    const { steps, tensors, buffers } = reportOf(await soak(backend, 60));
    expect(steps).toBe(60);
    expect([tensors[0], buffers[0]]).toEqual([tensors[1], buffers[1]]);
  });
});
