import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, posix, win32 } from "node:path";

const places: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ["/usr/share/code/code", "/opt/visual-studio-code/code"],
  darwin: [
    "/Applications/Visual Studio Code.app/Contents/MacOS/Electron",
    "/Applications/Visual Studio Code.app/Contents/MacOS/Code",
    join(homedir(), "Applications/Visual Studio Code.app/Contents/MacOS/Electron"),
  ],
  win32: [join(homedir(), "AppData/Local/Programs/Microsoft VS Code/Code.exe"), "C:\\Program Files\\Microsoft VS Code\\Code.exe"],
};

/** The desktop VS Code of this machine, where there is one and a screen to show it. `TASKSCOPE_VSCODE` names another one. */
export function desktopVsCode(): string | undefined {
  const named = process.env["TASKSCOPE_VSCODE"];
  if (named !== undefined) return named;
  if (process.platform === "linux" && process.env["DISPLAY"] === undefined && process.env["WAYLAND_DISPLAY"] === undefined)
    return undefined;
  return places[process.platform]?.find((path) => existsSync(path));
}

/**
 * Programs that the command `code` on this PATH may stand for, in its order. On Windows `code` is a batch file, `bin\code.cmd`,
 * which Node starts through a shell only; the program that it starts is the `Code.exe` above it.
 */
export function programsOnPath(pathVariable: string, platform: NodeJS.Platform): string[] {
  const windows = platform === "win32";
  const folders = pathVariable.split(windows ? win32.delimiter : posix.delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => (windows ? win32.join(folder, "..", "Code.exe") : posix.join(folder, "code")));
}
