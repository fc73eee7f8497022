/** Every command of the manifest; a unit test compares this list with `package.json`. */
export const commandIds = [
  "taskscope.run",
  "taskscope.stop",
  "taskscope.stopAll",
  "taskscope.openDashboard",
  "taskscope.newExperiment",
  "taskscope.showLog",
  "taskscope.delete",
  "taskscope.reveal",
  "taskscope.copyPath",
  "taskscope.writeTypes",
] as const;

export type CommandId = (typeof commandIds)[number];

/**
 * Commands that a workspace must be trusted for: they start processes on files of the workspace, or signal a process
 * that a file of the workspace names. The manifest hides them; the code refuses them too.
 */
export const trustedCommands: ReadonlySet<CommandId> = new Set<CommandId>(["taskscope.run", "taskscope.stop", "taskscope.stopAll"]);
