import { expect, inject, test } from "vitest";
import { EXIT } from "../../../contract/exit-code.ts";
import { startServer } from "../../postgres/server.ts";
import { folder } from "../cli-process.ts";
import { entry } from "./folders.ts";
import { gatedDatabase, WAIT } from "./gate.ts";
import { backendThat, IS, leftovers, migrated, NOTHING_LEFT, runLog, startRun } from "./runs.ts";

const FILES = {
  "1.sql": entry("1"),
  "2.sql": `${entry("2 before")}; create index concurrently journal_name on journal (name); ${entry("2 after")}`,
  "3.sql": `${entry("3")}; ${WAIT}`,
  "4.sql": entry("4"),
};
const ALL = { "1": 1, "2 after": 1, "2 before": 1, "3": 1, "4": 1 };

test("a server that stops at once and starts again is waited for: the run ends in success", async () => {
  await using server = await startServer({ version: inject("postgresVersion") });
  await using db = await gatedDatabase({ server });
  await using source = await folder(FILES);
  const run = startRun(db.url, source.dir);
  await backendThat(db, run, IS.atGate);
  await server.stop("immediate");
  await run.event("connecting");
  await server.start();
  await db.open();
  const { code, finished } = await run.end();
  expect({ code, ...finished }).toMatchObject({ code: EXIT.done, status: "SUCCESS", applied: ["1", "2", "3", "4"] });
  expect(await db.journal()).toEqual(ALL);
  expect(await leftovers(db)).toEqual(NOTHING_LEFT);
  expect(await runLog(db)).toMatchObject([{ status: "SUCCESS" }]);
});

test("a server that doesn't come back ends the run with exit 14, and the next run finds it dead and goes on", async () => {
  await using server = await startServer({ version: inject("postgresVersion") });
  await using db = await gatedDatabase({ server });
  await using source = await folder(FILES);
  const run = startRun(db.url, source.dir, ["--connect-wait", "200ms"]);
  await backendThat(db, run, IS.atGate);
  await server.stop("immediate");
  const { code, signal, finished } = await run.end();
  expect({ code, signal, ...finished }).toMatchObject({
    code: EXIT.unreachable,
    signal: null,
    status: "FAILED",
    applied: ["1", "2"],
    error: { code: "UNREACHABLE" },
  });
  await server.start();
  await db.open();
  expect(await migrated(db.url, source.dir)).toMatchObject({ code: EXIT.done, finished: { applied: ["3", "4"] } });
  expect(await db.journal()).toEqual(ALL);
  expect(await runLog(db)).toMatchObject([
    { status: "FAILED", error_code: "ORPHANED" },
    { status: "SUCCESS", error_code: null },
  ]);
});
