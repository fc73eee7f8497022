import { trustedCommands, type CommandId } from "./command-ids.ts";

export type CommandHandler = (target: unknown) => Promise<void> | void;
export type CommandTable = Readonly<Record<CommandId, CommandHandler>>;

/** What a command needs of its surroundings to be refused or to fail in a way that people see. */
export interface CommandGuard {
  isTrusted(): boolean;
  refuse(): Promise<void>;
  fail(id: CommandId, error: unknown): void;
}

/** The handler, refused without trust where the command needs it, its errors shown instead of lost. */
export function guarded(id: CommandId, handler: CommandHandler, guard: CommandGuard): CommandHandler {
  return async (target) => {
    if (trustedCommands.has(id) && !guard.isTrusted()) return guard.refuse();
    try {
      await handler(target);
    } catch (error) {
      guard.fail(id, error);
    }
  };
}
