import { expect, test } from "vitest";
import { helpOf, numberOption, requireKnown, UsageError, type Options } from "../../bench/command-line.ts";
import { casesOf, parseCase } from "../../bench/engine/case.ts";

const options: Options = { seconds: { value: "4", text: "of a case" }, plain: { text: "without" } };

test("an option that there is not is told with those that there are", () => {
  expect(() => requireKnown(options, ["--plain", "--nope", "3"])).toThrow(
    new UsageError("There is no option --nope; there are --seconds, --plain."),
  );
  expect(() => requireKnown(options, ["A", "--seconds", "3"])).not.toThrow();
  expect(helpOf(options)).toBe("  --seconds 4  of a case\n  --plain      without\n");
});

test("values that cannot be are wrong usage", () => {
  for (const wrong of [
    () => numberOption(["--seconds", "-1"], "seconds", 4),
    () => parseCase("A:foo:wasm:1"),
    () => parseCase("Z:mgda:wasm:1"),
  ]) {
    expect(wrong).toThrow(UsageError);
  }
});

test("a second thread of wasm is measured only where somebody asks for it", () => {
  expect(casesOf(["--backends", "wasm", "--problems", "A", "--methods", "mgda"])).toHaveLength(1);
  expect(casesOf(["--backends", "wasm", "--problems", "A", "--methods", "mgda", "--threads", "1,2"])).toHaveLength(2);
});
