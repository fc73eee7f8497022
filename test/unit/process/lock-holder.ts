import { openDatabase } from "../../../src/runs/store/sqlite.ts";

/** Holds the write lock of a store, as a backup or a database browser might: `lock-holder <store>`; ends with its input. */
const database = openDatabase(process.argv[2] ?? "", "write");
database.exec("BEGIN EXCLUSIVE");
process.stdout.write("locked\n");
process.stdin.on("end", () => database.close()).resume();
