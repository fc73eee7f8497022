/** Checks of the user's own code; `codes.ts` joins them to all others. */
export const moduleChecks = {
  MTL501: [
    "No such module",
    "The file named under `module` is not there or is no ordinary file, or the run's own copy of it is missing or was changed. Its path is relative to the experiment file.",
  ],
  MTL502: [
    "Module cannot be bundled",
    "The file, or one that it imports, cannot be read as JavaScript or TypeScript, or an import leads nowhere. The message begins with the place.",
  ],
  MTL503: [
    "Nothing to bundle with",
    "There is no esbuild in the workspace or beside Taskscope, or it does not work, and this Node cannot do without. `npm install --save-dev esbuild` in the workspace helps.",
  ],
  MTL504: ["Error in your code", "A module of yours threw an error. The message begins with the place, counted as editors do."],
  MTL505: [
    "Module does not give what it must",
    "What your module exports or returns is not what [custom-code.md](custom-code.md) asks for. The message says what is missing or wrong.",
  ],
  MTL506: [
    "Module takes too long",
    "A check gives a module of yours some seconds and then ends it, so that an endless loop never blocks anything. A function for data may well need longer: then the rows are looked at when the run begins.",
  ],
  MTL507: [
    "Module not looked at",
    "The workspace is not trusted, so no code of it is run, and what the module would give is not known. Trust the workspace to have it checked.",
  ],
  MTL508: [
    "Weight that nothing reaches",
    "No task's output depends on this weight of your network, so it is never trained. Most likely a layer was made and not applied, or its result was not used.",
  ],
} as const;
