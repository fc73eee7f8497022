/**
 * Does something and takes away the listeners for uncaught errors that were added meanwhile: the wasm build's throw what they are given, which
 * ends the process before anybody can tell why.
 */
export async function withoutNewListeners<Result>(work: () => Promise<Result>): Promise<Result> {
  const before = new Set<unknown>([...process.listeners("uncaughtException"), ...rejectionListeners()]);
  try {
    return await work();
  } finally {
    for (const listener of process.listeners("uncaughtException")) if (!before.has(listener)) process.off("uncaughtException", listener);
    for (const listener of rejectionListeners()) if (!before.has(listener)) process.off("unhandledRejection", listener);
  }
}

function rejectionListeners(): NodeJS.UnhandledRejectionListener[] {
  return process.listeners("unhandledRejection");
}
