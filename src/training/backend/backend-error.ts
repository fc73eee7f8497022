/** The engine that computes could not be started, or cannot go on. `code` is stable; the message says what to do. */
export class BackendError extends Error {
  readonly code: "native-missing" | "native-broken" | "native-started" | "wasm-broken" | "out-of-memory";

  constructor(code: BackendError["code"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "BackendError";
    this.code = code;
  }
}
