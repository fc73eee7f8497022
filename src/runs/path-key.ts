/**
 * A text that is equal for two spellings of one file's path. On Windows the drive comes in either case (VS Code writes `c:\`, a
 * terminal `C:\`), names are the same in either case, and both slashes separate; elsewhere a path has one spelling.
 */
export function pathKey(path: string, platform: NodeJS.Platform = process.platform): string {
  return platform === "win32" ? path.replaceAll("/", "\\").toLowerCase() : path;
}
