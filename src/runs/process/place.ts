import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** What tells within which bounds a pid means something; parts that a system does not have are empty. */
export interface PlaceFacts {
  readonly platform: NodeJS.Platform;
  readonly host: string;
  /** Of this start of the machine: `/proc/sys/kernel/random/boot_id`, `kern.bootsessionuuid`. */
  readonly boot: string;
  /** Linux: `pid:[4026531836]`. */
  readonly pidNamespace: string;
}

/**
 * The machine as it was started, and the pid name space. Not the name of the host where there is something better: a laptop
 * takes another one from each network that it joins, and its trainers would be taken for those of another machine.
 */
export function placeOf({ platform, host, boot, pidNamespace }: PlaceFacts): string {
  const machine = boot === "" ? stableName(host, platform) : boot.toLowerCase();
  return pidNamespace === "" ? machine : `${machine}/${pidNamespace}`;
}

/** The first label: `.local`, `.fritz.box` and the like come from the network. */
function stableName(host: string, platform: NodeJS.Platform): string {
  return platform === "darwin" ? (host.split(".")[0] ?? host).toLowerCase() : host.toLowerCase();
}

let known: string | undefined;

/** The place of this process. */
export function ownPlace(): string {
  const { platform } = process;
  known ??= placeOf({ platform, host: hostname(), boot: bootOf(platform), pidNamespace: platform === "linux" ? pidNamespace() : "" });
  return known;
}

function bootOf(platform: NodeJS.Platform): string {
  try {
    if (platform === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    if (platform === "darwin") return execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" }).trim();
  } catch {
    // A system without it: the host's name has to do.
  }
  return "";
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}
