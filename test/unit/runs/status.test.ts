import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { identityOf, isSame, livenessOf } from "../../../src/runs/process/process-identity.ts";
import { placeOf } from "../../../src/runs/process/place.ts";
import { decideStatus, type StatusEvidence } from "../../../src/runs/process/status.ts";

const now = 1_000_000;
const owner = { pid: 42 };

function evidence(change: Partial<StatusEvidence>): StatusEvidence {
  return { status: "running", reason: null, owner, createdAt: now - 500_000, heartbeatAt: now - 500, ...change };
}

describe("status by evidence", () => {
  test.each(["completed", "stopped", "failed"] as const)("%s is final, whoever lives", (status) => {
    for (const liveness of ["alive", "gone", "unknown"] as const) {
      expect(decideStatus(evidence({ status, reason: "so" }), liveness, now)).toEqual({ status, reason: "so" });
    }
  });

  test.each(["starting", "running", "stopping"] as const)("%s with a living owner is believed, however old its heartbeat", (status) => {
    expect(decideStatus(evidence({ status, heartbeatAt: 0 }), "alive", now).status).toBe(status);
  });

  test.each(["queued", "starting", "running", "stopping"] as const)("%s without its owner has crashed at once", (status) => {
    expect(decideStatus(evidence({ status, heartbeatAt: now }), "gone", now)).toMatchObject({
      status: "crashed",
      reason: matching(/recorded is kept/),
    });
  });

  test("a trainer that never said a word is told apart from one that was killed", () => {
    expect(decideStatus(evidence({ status: "starting", heartbeatAt: null }), "gone", now).reason).toMatch(
      /before it could begin.*trainer\.log/,
    );
  });

  test("a run for which no trainer was started has a grace, and then no hope", () => {
    const queued = (age: number): StatusEvidence => evidence({ status: "queued", owner: null, heartbeatAt: null, createdAt: now - age });
    expect(decideStatus(queued(29_000), "unknown", now).status).toBe("queued");
    expect(decideStatus(queued(31_000), "unknown", now)).toMatchObject({
      status: "crashed",
      reason: matching(/No trainer was ever started/),
    });
  });

  test("a trainer elsewhere is believed while its heart beats", () => {
    expect(decideStatus(evidence({ heartbeatAt: now - 20_000 }), "unknown", now).status).toBe("running");
    expect(decideStatus(evidence({ heartbeatAt: now - 40_000 }), "unknown", now).status).toBe("crashed");
  });
});

describe("identity of a process", () => {
  test("is the same for as long as it lives, and gone when it was killed, even before its parent noticed", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)"], { stdio: "ignore" });
    await once(child, "spawn");
    const identity = identityOf(child.pid ?? 0);
    if (identity === undefined) throw new Error("a living process has an identity");
    expect(isSame(identity)).toBe("alive");
    expect(livenessOf({ owner: identity, heartbeatAt: null }, Date.now())).toBe("alive");
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
    expect(isSame(identity)).toBe("gone");
    expect(livenessOf({ owner: identity, heartbeatAt: Date.now() }, Date.now())).toBe("gone");
  });

  test("a reused pid is another process", () => {
    const own = identityOf(process.pid);
    if (own === undefined) throw new Error("this process has an identity");
    expect(isSame({ pid: own.pid, started: `${own.started}1` })).toBe("gone");
  });

  test("a process of another machine cannot be told", () => {
    expect(isSame({ pid: process.pid, started: "elsewhere#1" })).toBe("unknown");
  });
});

describe("the place within which a pid means something", () => {
  const mac = { platform: "darwin", host: "ada.fritz.box", boot: "5D4B-77", pidNamespace: "" } as const;
  const linux = { platform: "linux", host: "ada", boot: "0f2c", pidNamespace: "pid:[1]" } as const;
  const windows = { platform: "win32", host: "ADA-PC", boot: "", pidNamespace: "" } as const;

  test("is the same in every network that a laptop joins", () => {
    expect(placeOf({ ...mac, host: "adas-macbook.local" })).toBe(placeOf(mac));
    expect(placeOf({ ...mac, host: "Ada.example.org", boot: "" })).toBe(placeOf({ ...mac, boot: "" }));
    expect(placeOf({ ...linux, host: "dhcp-17" })).toBe(placeOf(linux));
    expect(placeOf({ ...windows, host: "ada-pc" })).toBe(placeOf(windows));
  });

  test("is another one after a restart, in another container, on another machine", () => {
    expect(placeOf({ ...mac, boot: "other" })).not.toBe(placeOf(mac));
    expect(placeOf({ ...linux, boot: "other" })).not.toBe(placeOf(linux));
    expect(placeOf({ ...linux, pidNamespace: "pid:[2]" })).not.toBe(placeOf(linux));
    expect(placeOf({ ...windows, host: "BOB-PC" })).not.toBe(placeOf(windows));
  });
});

function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}
