import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { listOption, UsageError } from "../command-line.ts";
import { problems, type ProblemName } from "./problems.ts";

/** What one process measures. */
export interface Case {
  readonly problem: ProblemName;
  readonly method: string;
  readonly backend: "wasm" | "native";
  readonly threads: number;
}

const methods = ["equal", "mgda", "pcgrad", "cagrad", "nash-mtl", "adatask"];

/** All that the command line asks for; everything where it says nothing. */
export function casesOf(argv: readonly string[]): readonly Case[] {
  const asked = {
    problems: listOption(argv, "problems", Object.keys(problems)),
    methods: listOption(argv, "methods", methods),
    backends: listOption(argv, "backends", ["native", "wasm"]),
  };
  // The wasm backend computes on one thread: two are left out where nobody asks for them.
  const threads = listOption(argv, "threads", asked.backends.includes("native") ? ["1", "2"] : ["1"]);
  return threads.flatMap((threads) =>
    asked.problems.flatMap((problem) =>
      asked.methods.flatMap((method) => asked.backends.map((backend) => parseCase([problem, method, backend, threads].join(":")))),
    ),
  );
}

/** `A:mgda:native:2`. */
export function parseCase(text: string): Case {
  const [problem = "", method = "", backend = "", threads = "1"] = text.split(":");
  if (problem !== "A" && problem !== "B" && problem !== "C")
    throw new UsageError(`There is no problem "${problem}"; there are A, B and C.`);
  if (backend !== "wasm" && backend !== "native") throw new UsageError(`There is no backend "${backend}"; there are wasm and native.`);
  if (!balancerCatalogue.some(({ id }) => id === method)) {
    throw new UsageError(`There is no method "${method}"; \`taskscope balancers\` lists them.`);
  }
  const count = Number(threads);
  if (!Number.isInteger(count) || count < 1) throw new UsageError(`"${threads}" is no number of threads.`);
  return { problem, method, backend, threads: count };
}

export function caseName({ problem, method, backend, threads }: Case): string {
  return [problem, method, backend, threads].join(":");
}
