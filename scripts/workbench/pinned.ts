/** One published workbench: the version of the `code-server` package and the checksum of its tarball. */
export interface PinnedWorkbench {
  readonly version: string;
  readonly integrity: string;
}

/** What tests and `npm start` use. */
const newest: PinnedWorkbench = {
  version: "4.139.1",
  integrity: "sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==",
};

/** The oldest one that our `engines.vscode` allows. */
const oldest: PinnedWorkbench = {
  version: "4.103.2",
  integrity: "sha512-dbYFASiePozmAfA2e3BYE7r83CdZ7LMDEAzKhLVRJwFbnd4zAaFlsxvBNrLAkunDJUaEqbtawsBfbtDZu6SXnQ==",
};

/** The newest one, or that of `TASKSCOPE_WORKBENCH_VERSION` (a version pinned here). */
export function pinnedWorkbench(version = process.env["TASKSCOPE_WORKBENCH_VERSION"]): PinnedWorkbench {
  if (version === undefined) return newest;
  const found = [newest, oldest].find((each) => each.version === version);
  if (found === undefined) {
    throw new Error(
      `TASKSCOPE_WORKBENCH_VERSION is ${version}; scripts/workbench/pinned.ts pins only ${newest.version} and ${oldest.version}.`,
    );
  }
  return found;
}
