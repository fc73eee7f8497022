import type { StepCompilation } from "../../experiment/record.ts";
import type { Passes } from "../passes/pass.ts";

/** What decides whether steps are compiled. */
export interface CompilationParts {
  readonly compile: boolean;
  readonly backend: string;
  readonly passes: Passes;
}

/** Whether passes are compiled, as far as that is known; undefined while a recording may still come. */
export function compilationOf({ compile, backend, passes }: CompilationParts): StepCompilation | undefined {
  if (!compile) return { works: false, reason: "the experiment says `training.compile: false`" };
  if (passes.recordings === undefined) return { works: false, reason: `the ${backend} backend does not compile` };
  if (passes.recordings.list().length > 0) return { works: true };
  const { refusal } = passes.save();
  return refusal === null ? undefined : { works: false, reason: refusal };
}

/** The same where no further pass will be made. */
export function endedCompilation(parts: CompilationParts): StepCompilation {
  return compilationOf(parts) ?? { works: false, reason: mostPlain(parts.passes) ?? "no batch came often enough to be recorded" };
}

function mostPlain(passes: Passes): string | undefined {
  const [most] = Object.entries(passes.save().plain).sort(([, a], [, b]) => b - a);
  return most?.[0];
}

/** Tells once, and again where it has changed, whether the passes of a training are compiled. */
export class CompilationWatch {
  #told: StepCompilation | undefined;

  /** After a step. What is known is looked at again only where the passes had something to tell. */
  news(parts: CompilationParts, hasNotes: boolean): StepCompilation | undefined {
    if (this.#told !== undefined && !hasNotes) return undefined;
    return this.#tell(compilationOf(parts));
  }

  /** After the last step. */
  ended(parts: CompilationParts): StepCompilation | undefined {
    return this.#tell(endedCompilation(parts));
  }

  #tell(found: StepCompilation | undefined): StepCompilation | undefined {
    if (found === undefined || sameCompilation(found, this.#told)) return undefined;
    this.#told = found;
    return found;
  }
}

function sameCompilation(a: StepCompilation, b: StepCompilation | undefined): boolean {
  if (a.works || b === undefined || b.works) return a.works === b?.works;
  return a.reason === b.reason;
}
