/** Thrown in place of ending the process. Its stack leads to the user's line. */
class ExitRefused extends Error {
  override readonly name = "ProcessExit";
}

/**
 * Until the returned function is called, `process.exit` throws where it is called: the user's code would end the whole training with it, and
 * nobody would learn why.
 */
export function refuseExit(): () => void {
  const own = Object.getOwnPropertyDescriptor(process, "exit") ?? {};
  process.exit = (code) => {
    throw new ExitRefused(`process.exit(${code ?? ""}) would end the whole training. Throw an error that says why, or return.`);
  };
  return () => {
    Object.defineProperty(process, "exit", own);
  };
}
