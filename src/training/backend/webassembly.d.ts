/** The little of the WebAssembly interface that is used here; the compiler knows it only together with a browser's. */
declare namespace WebAssembly {
  /** Whether this machine's engine takes these for a module. */
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  class Memory {
    readonly buffer: ArrayBuffer;
    /** `initial` in pages of 64 KiB. */
    constructor(descriptor: { readonly initial: number });
  }
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }
  class Instance {
    readonly exports: Readonly<Record<string, unknown>>;
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
  }
}
