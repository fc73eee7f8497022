import { expect } from "vitest";

/** A text that holds `part`, typed for use inside an expected object. */
export function containing(part: string): unknown {
  return expect.stringContaining(part);
}
