import manifest from "../../package.json" with { type: "json" };

/** Version of Taskscope. */
export const version = manifest.version;
