/** What the log tells of a resource: a line for each decision that matters, with the resource and the run. */
import { expect, test } from "vitest";
import { RETRY_ANNOTATION } from "../../contract/resource/names.ts";
import { openLog } from "../log.ts";
import { endRun } from "./end-run.fixture.ts";
import { forbidden, server } from "./server.fixture.ts";

type Line = Record<string, unknown> & { msg: string };

function logged(one: ReturnType<typeof server>): Line[] {
  const lines: Line[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Line);
  one.context.log = openLog({ level: "info", write, wall: one.clock.wall });
  return lines;
}

const FAILED = {
  ...{ exitCode: 11 as const, outcome: "FAILED" as const, pending: ["0043"], pendingCount: 1 },
  error: { code: "42P01", message: "can't reach postgres://web:canary-hunter2@db/shop", migration: "0043" },
};

test("a run's start, its end and what is said of it then are told under its id, without a password", async () => {
  const one = server();
  const lines = logged(one);
  await one.look();
  const runId = one.status.releases?.[0]?.runId;
  endRun(one, FAILED);
  await one.look();
  const web = { namespace: "shop", name: "web" };
  expect(lines).toMatchObject([
    { msg: "condition changed", ...web, reason: "Pending" },
    { msg: "job created", ...web, runId, job: expect.any(String), attempt: 1, command: "migrate" },
    { msg: "run ended", ...web, runId, status: "FAILED", error: { code: "42P01", migration: "0043" } },
    { msg: "condition changed", ...web, reason: "MigrationFailed" },
  ]);
  expect(JSON.stringify(lines)).not.toContain("canary");
});

test("so is a Job that the API server refuses", async () => {
  const one = server({}, ({ method }) => {
    if (method === "POST") throw forbidden();
  });
  const lines = logged(one);
  await one.look();
  const runId = one.status.releases?.[0]?.runId;
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: "job refused", level: "warn", namespace: "shop", name: "web", runId }),
  );
});

test("what people ask for is told once", async () => {
  const one = server();
  await one.look();
  endRun(one, FAILED);
  await one.look();
  const lines = logged(one);
  one.annotate({ [RETRY_ANNOTATION]: "now" });
  await one.look();
  await one.look();
  expect(lines.filter(({ msg }) => msg === "retry was asked for")).toMatchObject([{ namespace: "shop", name: "web" }]);
});
