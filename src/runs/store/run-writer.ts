import type { DatabaseSync, StatementSync } from "node:sqlite";
import { join } from "node:path";
import type { MetricTable, OwnershipMap, RunDescription, RunEvent, RunResult } from "../../experiment/record.ts";
import { type ProcessIdentity, type RequestKind, runFiles } from "../contract.ts";
import { detailText } from "./event-row.ts";
import { openMigrated } from "./open-store.ts";
import { SeriesBuffer, SeriesStatements } from "./series-buffer.ts";
import { tailsAt } from "./series-tail.ts";
import { packShares } from "./shares.ts";
import { Columns, transaction, translated } from "./sqlite.ts";
import { RunStoreError } from "./store-error.ts";
import { chooseJournal, type JournalMode } from "./store-schema.ts";

export interface Ending {
  readonly status: "completed" | "stopped" | "failed";
  readonly reason: string | null;
  readonly result: RunResult | null;
}

interface Continuation {
  readonly step: number;
  /** Series that had not begun by then. */
  readonly begunLater: readonly number[];
}

export interface Request {
  readonly id: number;
  readonly kind: RequestKind;
}

/**
 * Writes what a run records; the trainer has the only one. Nothing is on disk before `commit()`, except where a method says so;
 * the owner calls it several times a second. What writes may throw `RunStoreError`; after that (a lock, a full disk) all that
 * waits is kept and can be tried again.
 */
export class RunWriter {
  readonly journal: JournalMode;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #columns: Columns;
  readonly #statements: SeriesStatements;
  readonly #insertEvent: StatementSync;
  readonly #insertSnapshot: StatementSync;
  readonly #updateProgress: StatementSync;
  readonly #openRequests: StatementSync;
  readonly #series = new Map<string, SeriesBuffer>();
  #latest: MetricTable = {};
  #latestChanged = false;
  #progress: { readonly step: number; readonly epoch: number } | undefined;
  #description: RunDescription | undefined;
  #versions: Readonly<Record<string, string>> = {};
  #stopping = false;
  #continued: Continuation | undefined;
  #resumed: (Continuation & { readonly at: number }) | undefined;
  #events: RunEvent[] = [];
  #snapshots: { readonly step: number; readonly epoch: number; readonly map: OwnershipMap }[] = [];

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#columns = new Columns(path);
    this.journal = chooseJournal(database, path);
    // A killed process loses nothing that was committed; a power cut may lose the last commits, and never harms the file.
    database.exec("PRAGMA synchronous = NORMAL");
    this.#statements = new SeriesStatements(database);
    this.#insertEvent = database.prepare("INSERT INTO event (kind, step, at, message, detail) VALUES (?, ?, ?, ?, ?)");
    this.#insertSnapshot = database.prepare("INSERT OR REPLACE INTO snapshot (parameter, step, epoch, shares) VALUES (?, ?, ?, ?)");
    this.#openRequests = database.prepare("SELECT id, kind FROM request WHERE handled_at IS NULL ORDER BY id");
    this.#updateProgress = database.prepare("UPDATE run SET step = ?, epoch = ?, heartbeat_at = ?");
  }

  /** Opens the store of a run that was created and has no trainer yet. Throws `RunStoreError`. */
  static open(folder: string): RunWriter {
    const path = join(folder, runFiles.store);
    const database = openMigrated(path, "write");
    return translated(path, () => new RunWriter(path, database));
  }

  /**
   * Takes up every series where it was after `step`. Only reads: until `resume()` nothing is lost of what was recorded later,
   * should the training not come so far.
   */
  continueAt(step: number): void {
    const { kept, begunLater } = translated(this.#path, () => tailsAt(this.#database, this.#columns, this.#path, step));
    this.#latest = {};
    this.#series.clear();
    for (const tail of kept) {
      this.#series.set(tail.name, SeriesBuffer.continued(tail));
      if (tail.lastValue !== undefined) this.#noteMetric(tail.name, tail.lastValue);
    }
    this.#latestChanged = false;
    this.#continued = { step, begunLater };
  }

  /** The training stands where it was at the step of `continueAt`; what was recorded after that goes with the next commit. */
  resume(epoch: number, now: number): void {
    if (this.#continued === undefined) throw new TypeError("A run is resumed that was not continued.");
    const { step } = this.#continued;
    for (const buffer of this.#series.values()) buffer.takeUp();
    this.#latestChanged = true;
    this.#progress = { step, epoch };
    this.#resumed = { ...this.#continued, at: now };
  }

  /** The trainer lives: it owns the run and prepares it. Committed at once. False for a run that has or had a trainer and is not queued. */
  begin(owner: ProcessIdentity, now: number): boolean {
    const { changes } = this.#run(
      `UPDATE run SET status = 'starting', owner_pid = ?, owner_started = ?, started_at = coalesce(started_at, ?), heartbeat_at = ?
       WHERE status IN ('queued', 'starting') AND heartbeat_at IS NULL`,
      owner.pid,
      owner.started,
      now,
      now,
    );
    return changes === 1;
  }

  /** Data and model stand; the first step follows. */
  describe(description: RunDescription): void {
    this.#description = description;
  }

  /** Adds versions that are known only now, such as the backend's. */
  noteVersions(versions: Readonly<Record<string, string>>): void {
    this.#versions = { ...this.#versions, ...versions };
  }

  /** The run ends after its step. */
  stopping(): void {
    this.#stopping = true;
  }

  scalar(name: string, step: number, value: number): void {
    this.#buffer(name, 1).append(step, value);
    this.#noteMetric(name, value);
  }

  vector(name: string, step: number, values: Float32Array): void {
    // Width 1 is kept as a scalar: a vector of one task is still a row.
    const first = values[0];
    if (values.length === 1 && first !== undefined) this.scalar(name, step, first);
    else this.#buffer(name, values.length).append(step, values);
  }

  snapshot(step: number, epoch: number, map: OwnershipMap): void {
    this.#snapshots.push({ step, epoch, map });
  }

  event(event: RunEvent): void {
    this.#events.push(event);
  }

  progress(step: number, epoch: number): void {
    this.#progress = { step, epoch };
  }

  /** Writes everything that waits in one transaction, with the heartbeat of `now`. */
  commit(now: number): void {
    this.#commit(now, undefined);
  }

  #commit(now: number, ending: Ending | undefined): void {
    const done: (() => void)[] = [];
    const { events, snapshots } = { events: [...this.#events], snapshots: [...this.#snapshots] };
    translated(this.#path, () =>
      transaction(this.#database, "immediate", () => {
        if (this.#resumed !== undefined) this.#dropAfter(this.#resumed);
        this.#writeState();
        for (const buffer of this.#series.values()) {
          const finish = buffer.write(this.#statements);
          if (finish !== undefined) done.push(finish);
        }
        for (const { kind, step, at, message, detail } of events) {
          this.#insertEvent.run(kind, step, at, message, detail === undefined ? null : detailText(detail));
        }
        for (const { step, epoch, map } of snapshots) this.#insertSnapshot.run(map.parameter, step, epoch, packShares(map.shares));
        if (this.#progress === undefined) this.#database.prepare("UPDATE run SET heartbeat_at = ?").run(now);
        else this.#updateProgress.run(this.#progress.step, this.#progress.epoch, now);
        if (this.#latestChanged) this.#database.prepare("UPDATE run SET latest = ?").run(JSON.stringify(this.#latest));
        if (ending !== undefined) this.#writeEnding(ending, now);
      }),
    );
    for (const finish of done) finish();
    this.#description = undefined;
    this.#versions = {};
    this.#stopping = false;
    this.#resumed = undefined;
    this.#events.splice(0, events.length);
    this.#snapshots.splice(0, snapshots.length);
    this.#latestChanged = false;
  }

  /** What others asked for and was not yet taken; marked as taken. */
  takeRequests(now: number): Request[] {
    const open = translated(this.#path, () => this.#openRequests.all());
    const taken: Request[] = [];
    for (const row of open) {
      const kind = this.#columns.text(row, "kind");
      if (kind === "stop" || kind === "checkpoint") taken.push({ id: this.#columns.number(row, "id"), kind });
    }
    if (open.length > 0) this.#run("UPDATE request SET handled_at = ? WHERE handled_at IS NULL", now);
    return taken;
  }

  /** The terminal row and all that waits, in a last commit: both or neither. */
  end(ending: Ending, now: number): void {
    this.#commit(now, ending);
  }

  /** Gives up what waits and could not be written (a full disk), so that the terminal row can be. */
  discard(): void {
    this.#series.clear();
    this.#events = [];
    this.#snapshots = [];
  }

  /** Closes the store; its log is merged into the file first where that is possible, so that the file alone is the whole run. */
  close(): void {
    try {
      if (this.journal === "wal") translated(this.#path, () => this.#database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get());
    } catch (error) {
      // Without room on the disk, or with a reader in the way, the log stays beside the file and is read from there.
      if (!(error instanceof RunStoreError)) throw error;
    } finally {
      translated(this.#path, () => this.#database.close());
    }
  }

  /** What is known of the run beside its points. A run that was asked to stop is not running again because its model stands. */
  #writeState(): void {
    if (this.#description !== undefined) {
      this.#database
        .prepare("UPDATE run SET status = iif(status = 'starting', 'running', status), description = ?")
        .run(JSON.stringify(this.#description));
    }
    if (Object.keys(this.#versions).length > 0) {
      this.#database.prepare("UPDATE run SET versions = json_patch(versions, ?)").run(JSON.stringify(this.#versions));
    }
    if (this.#stopping) {
      this.#database.prepare("UPDATE run SET status = 'stopping' WHERE status IN ('queued', 'starting', 'running')").run();
    }
  }

  /** What was recorded after a step goes. The next ids stay above all that were given, since readers ask for what is above them. */
  #dropAfter({ step, begunLater, at }: Continuation & { readonly at: number }): void {
    const last = this.#database.prepare("SELECT max(id) AS id FROM event").get();
    const lastId = last === undefined ? 0 : (this.#columns.numberOrNull(last, "id") ?? 0);
    this.#database.prepare("DELETE FROM event WHERE step > ?").run(step);
    this.#database.prepare("DELETE FROM snapshot WHERE step > ?").run(step);
    for (const id of begunLater) {
      this.#database.prepare("DELETE FROM chunk WHERE series = ?").run(id);
      this.#database.prepare("DELETE FROM series WHERE id = ?").run(id);
    }
    this.#database
      .prepare("INSERT INTO event (id, kind, step, at, message, detail) VALUES (?, 'state', ?, ?, ?, ?)")
      .run(lastId + 1, step, at, `Resumed from the checkpoint of step ${step}.`, JSON.stringify({ resumed: true }));
    this.#database.prepare("UPDATE run SET result = NULL").run();
  }

  #writeEnding({ status, reason, result }: Ending, now: number): void {
    this.#database
      .prepare("UPDATE run SET status = ?, reason = ?, result = ?, ended_at = ?")
      .run(status, reason, result === null ? null : JSON.stringify(result), now);
  }

  #buffer(name: string, width: number): SeriesBuffer {
    let buffer = this.#series.get(name);
    if (buffer === undefined) {
      buffer = new SeriesBuffer(name, width);
      this.#series.set(name, buffer);
    }
    return buffer;
  }

  /** Keeps the row's `latest` table up to date: the newest value of every `metric/<split>/<task>/<name>`. */
  #noteMetric(series: string, value: number): void {
    if (!series.startsWith("metric/")) return;
    const [, split, task, name, ...more] = series.split("/");
    if (task === undefined || name === undefined || more.length > 0) return;
    if (split !== "train" && split !== "validation" && split !== "test") return;
    const tasks = this.#latest[split] ?? {};
    this.#latest = { ...this.#latest, [split]: { ...tasks, [task]: { ...tasks[task], [name]: value } } };
    this.#latestChanged = true;
  }

  #run(sql: string, ...values: (string | number | null)[]): { readonly changes: number | bigint } {
    return translated(this.#path, () => this.#database.prepare(sql).run(...values));
  }
}
