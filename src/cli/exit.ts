/** Exit codes of the command. */
export const exitCode = {
  done: 0,
  /** The run or the check failed. */
  failed: 1,
  /** Wrong usage, or a file that cannot be used. */
  usage: 2,
  /** Stopped by the user. */
  stopped: 130,
} as const;

/** Thrown by commands to end with a message on stderr and this exit code. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: number;

  constructor(message: string, code: number = exitCode.usage) {
    super(message);
    this.code = code;
  }
}
