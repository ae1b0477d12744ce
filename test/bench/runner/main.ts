import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startServer } from "../../postgres/server.ts";
import { aims } from "./aims.ts";
import { contenders } from "./contenders.ts";
import { withClient } from "./database.ts";
import { markdown } from "./markdown.ts";
import type { Conditions } from "./markdown.ts";
import { measureMemory } from "./memory.ts";
import { migrations } from "./migrations.ts";
import { replaceSection } from "../page.ts";
import { race } from "./race.ts";
import { measureRoundTrip } from "./round-trip.ts";
import { measureNoOpStart, NO_OP_MIGRATIONS, NO_OP_RUNS } from "./start.ts";
import { summarize } from "./summary.ts";
import { prepareTools } from "./tools.ts";

const HELP = `npm run bench:runner -- [options]

  --count N         migrations (1000)
  --runs N          runs of each tool (5)
  --delays LIST     round trips to add, ms (0,5)
  --only LIST       these tools alone: psql, node-pg-migrate, drizzle-orm, umzug, goose, golang-migrate,
                    lockkeeper-one, lockkeeper
  --skip LIST       not these parts: race, start, memory
  --no-write        only print, leave docs/ as it is; so do --only and --skip
`;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "1000" },
    runs: { type: "string", default: "5" },
    delays: { type: "string", default: "0,5" },
    only: { type: "string", default: "" },
    skip: { type: "string", default: "" },
    "no-write": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const bench = async (scratch: string): Promise<void> => {
  const docs = join(import.meta.dirname, "../../../docs");
  const [count, runs] = [Number(values.count), Number(values.runs)];
  const delays = values.delays.split(",").map(Number);
  const skip = new Set(values.skip.split(","));
  const only = values.only === "" ? null : new Set(values.only.split(","));
  const tools = prepareTools();
  const all = contenders(tools);
  const chosen = all.filter(({ id }) => only === null || only.has(id));
  const lockkeeper = all.find(({ id }) => id === "lockkeeper");
  if (lockkeeper === undefined) console.error("Lockkeeper is left out: there is no job/main.ts and no bundle");

  await using server = await startServer({ version: 18, fsync: true });
  const postgres = await withClient(server.url, async (client) => {
    const result = await client.query<{ server_version: string }>("show server_version");
    return result.rows[0]?.server_version ?? "";
  });
  const roundTripMs: Record<number, number> = {};
  for (const delay of delays) roundTripMs[delay] = (await measureRoundTrip(server, delay)).proxied;
  console.error("Round trip of select 1 by delay, ms:", roundTripMs);

  const laps = skip.has("race")
    ? []
    : await race({ server, contenders: chosen, all: migrations(count), delays, runs, scratch });
  const measured = lockkeeper !== undefined && (only === null || only.has("lockkeeper")) ? lockkeeper : null;
  const noOp = measured === null || skip.has("start") ? null : await measureNoOpStart(server, measured, scratch);
  const memory = measured === null || skip.has("memory") ? null : await measureMemory(server, measured, scratch);

  const summary = summarize(chosen, laps, noOp, memory);
  const judged = aims(summary);
  const conditions: Conditions = {
    date: new Date().toISOString().slice(0, 10),
    command: ["npm run bench:runner", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" "),
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${release()}`,
    versions: `Node ${process.versions.node}, PostgreSQL ${postgres} with fsync, pg ${tools.versions.pg}`,
    count,
    runs,
    delays,
    roundTripMs,
    noOpMigrations: NO_OP_MIGRATIONS,
    noOpRuns: NO_OP_RUNS,
  };
  const text = markdown(summary, judged, conditions);
  console.log(text);
  // A part of the benchmark must not take the place of the whole one's page.
  if (values["no-write"] || values.only !== "" || values.skip !== "") return;
  mkdirSync(join(docs, "benchmarks"), { recursive: true });
  const raw = { conditions, aims: judged, summary, laps, noOp };
  writeFileSync(join(docs, "benchmarks/runner.json"), `${JSON.stringify(raw, null, 2)}\n`);
  replaceSection(join(docs, "benchmarks.md"), "bench:runner", text);
};

if (values.help) {
  console.log(HELP);
} else {
  const scratch = mkdtempSync(join(tmpdir(), "lockkeeper-bench-"));
  // Also after an interrupt; the server ends by itself with this process.
  process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  await bench(scratch);
}
