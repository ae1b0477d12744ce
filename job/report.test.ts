import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { REPORT_MAX_BYTES, TAG_MAX_BYTES } from "../contract/report-size.ts";
import { Report } from "../contract/report.ts";
import type { Blocker } from "../contract/run.ts";
import { checkTag, encodeReport, makeReport, writeReport } from "./report.ts";
import type { Reported } from "./report-steps.ts";
import { cutToJsonBytes, jsonBytes } from "./report-text.ts";

const RUN_ID = "0193a1b2-0000-7000-8000-000000000001";

function result(changes: Partial<Reported> = {}): Reported {
  return {
    runId: RUN_ID,
    command: "migrate",
    status: "SUCCESS",
    disabled: false,
    exitCode: 0,
    startedAt: new Date("2026-01-02T03:04:05.000Z"),
    finishedAt: new Date("2026-01-02T03:04:05.412Z"),
    lockWaitMs: 12,
    versionBefore: "0008_heavy_falcon",
    versionAfter: "0010_solid_watchtower",
    available: 11,
    appliedTotal: 11,
    applied: ["0009_silent_hawkeye", "0010_solid_watchtower"],
    pending: [],
    ahead: [],
    drift: [],
    error: null,
    blockers: [],
    telemetry: { available: true, reason: "" },
    database: { systemIdentifier: "7301234567890123456", name: "shop", oid: 16_384 },
    digest: `sha256:${"ab".repeat(32)}`,
    ...changes,
  };
}

const blocker = (changes: Partial<Blocker> = {}): Blocker => ({
  pid: 812,
  user: "web",
  application: "web",
  state: "idle in transaction",
  transactionAge: "4m",
  relation: "public.orders",
  mode: "AccessShareLock",
  preparedTransaction: null,
  ...changes,
});

const read = (report: Report): Report => Report.parse(JSON.parse(encodeReport(report)));
const bytes = (report: Report): number => Buffer.byteLength(encodeReport(report));
const numbered = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, "0")}`);

describe("a report of an ordinary run", () => {
  test("is whole", () => {
    const report = makeReport(result({ blockers: [blocker()] }), { tag: "web/5f0c" });
    expect(read(report)).toEqual(report);
    expect(report).toMatchObject({
      runId: RUN_ID,
      tag: "web/5f0c",
      outcome: "SUCCESS",
      applied: ["0009_silent_hawkeye", "0010_solid_watchtower"],
      appliedCount: 2,
      durationMs: 412,
      blockers: [blocker()],
      truncated: false,
    });
  });

  test("has no credential, also when one reached an error's message", () => {
    const message = "no route to postgres://web:hunter2hunter2@db/shop (aHVudGVyMmh1bnRlcjI=)";
    const report = makeReport(result({ error: { code: "UNREACHABLE", message, migration: null } }), {
      tag: "",
      secrets: ["hunter2hunter2", "aHVudGVyMmh1bnRlcjI"],
    });
    expect(encodeReport(report)).not.toMatch(/hunter2|aHVudGVy/);
  });
});

describe("what a report keeps when not everything fits", () => {
  const big = result({
    status: "LOCK_TIMEOUT",
    applied: numbered(3_000, "applied_"),
    pending: numbered(5_000, "pending_"),
    drift: numbered(40, "drift_"),
    error: {
      code: "55P03",
      message: `canceling statement due to lock timeout ${"x".repeat(10_000)}`,
      migration: "0042",
    },
    blockers: Array.from({ length: 50 }, (_, index) => blocker({ pid: 800 + index })),
  });
  const report = read(makeReport(big, { tag: "t".repeat(TAG_MAX_BYTES) }));

  test("the counts stay whole", () => {
    expect(report).toMatchObject({ appliedCount: 3_000, pendingCount: 5_000, driftCount: 40, truncated: true });
  });
  test("the error's code and the start of its message stay", () => {
    expect(report.error).toMatchObject({ code: "55P03", migration: "0042" });
    expect(report.error?.message).toMatch(/^canceling statement due to lock timeout x+…$/);
  });
  test("the first blocker stays whole", () => {
    expect(report.blockers[0]).toEqual(blocker({ pid: 800 }));
  });
  test("the versions stay", () => {
    expect(report.versionAfter).toBe("0010_solid_watchtower");
  });

  test("pending names are the first, applied ones the last, each whole and in order", () => {
    const small = read(makeReport({ ...big, error: null, blockers: [], drift: [] }, { tag: "" }));
    expect(small.pending.length).toBeGreaterThan(3);
    expect(small.pending).toEqual(big.pending.slice(0, small.pending.length));
    expect(small.applied).toEqual(["applied_2997", "applied_2998", "applied_2999"]);
  });

  test("the room is used: one more name wouldn't fit", () => {
    const small = makeReport(result({ applied: numbered(3_000, "applied_") }), { tag: "" });
    expect(bytes(small)).toBeGreaterThan(REPORT_MAX_BYTES - "applied_0000".length - 3);
    expect(small.applied.at(-1)).toBe("applied_2999");
  });
});

describe("whatever the input, a report can be read and fits", () => {
  const HOSTILE = [
    "\u0000",
    "\u001f",
    '"',
    "\\",
    "\ud83d",
    "\ude00",
    "😀",
    "é",
    "\u2028",
    "a",
    " ",
    "\u007f",
    "\uffff",
    "𐀀",
    "</script>",
  ];

  test.each([0, 50, 100, 150, 200, 250])("50 random inputs, from seed %i", (first) => {
    expect.hasAssertions();
    for (let seed = first; seed < first + 50; seed++) checkRandom(seed);
  });

  function checkRandom(seed: number): void {
    const random = generator(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const text = (most: number): string =>
      Array.from({ length: below(most) }, () => (random() < 0.3 ? "n" : HOSTILE[below(HOSTILE.length)])).join("");
    const maybe = <T>(value: () => T): T | null => (random() < 0.2 ? null : value());
    const list = (most: number): string[] => Array.from({ length: below(most) }, () => text(60));
    const tag = cutToJsonBytes(text(600), TAG_MAX_BYTES);
    const input = result({
      command: (["migrate", "status", "down", "baseline"] as const)[below(4)] ?? "migrate",
      status: (["SUCCESS", "LOCK_TIMEOUT", "FAILED", "SKIPPED"] as const)[below(4)] ?? "FAILED",
      versionBefore: maybe(() => text(400)),
      versionAfter: maybe(() => text(400)),
      available: below(2 ** 31),
      appliedTotal: [Number.NaN, Infinity, -1, 1.5, below(10_000)][below(5)] ?? 0,
      lockWaitMs: random() * 1e15,
      applied: list(800),
      pending: list(800),
      ahead: list(20),
      drift: list(100),
      error: maybe(() => ({ code: text(80), message: text(10_000), migration: maybe(() => text(300)) })),
      blockers: Array.from({ length: below(12) }, () =>
        blocker({
          pid: below(2 ** 22),
          user: maybe(() => text(63)),
          application: maybe(() => text(63)),
          relation: maybe(() => text(127)),
          preparedTransaction: maybe(() => text(200)),
        }),
      ),
      telemetry: { available: random() < 0.5, reason: text(2_000) },
      database: maybe(() => ({ systemIdentifier: text(25), name: text(63), oid: below(2 ** 32) })),
      finishedAt: new Date(below(2 ** 40)),
    });

    const report = makeReport(input, { tag });
    const encoded = encodeReport(report);
    const buffer = Buffer.from(encoded);
    expect(buffer.length, `seed ${seed}`).toBeLessThanOrEqual(REPORT_MAX_BYTES);
    expect(new TextDecoder("utf-8", { fatal: true }).decode(buffer)).toBe(encoded);
    const parsed = Report.parse(JSON.parse(encoded));
    expect(parsed, `seed ${seed}`).toMatchObject({
      runId: RUN_ID,
      tag,
      outcome: input.status,
      appliedCount: input.applied.length,
      pendingCount: input.pending.length,
      driftCount: input.drift.length,
      ahead: input.ahead.length,
    });
    expect(parsed.error === null).toBe(input.error === null);
    expect(parsed.blockers.length > 0 || input.blockers.length === 0 || bytes(report) > 1_200).toBe(true);
    expect(encodeReport(makeReport(input, { tag }))).toBe(encoded);
  }

  test("the largest fixed part leaves room for what went wrong", () => {
    const most = Number.MAX_SAFE_INTEGER;
    const report = makeReport(
      result({
        command: "baseline",
        status: "LOCK_TIMEOUT",
        available: most,
        appliedTotal: most,
        lockWaitMs: most,
        versionBefore: "\u0001".repeat(255),
        versionAfter: "v".repeat(255),
        error: { code: "RUNNER_LOCK_TIMEOUT", message: "\u0001".repeat(5_000), migration: "m".repeat(255) },
        blockers: [blocker({ pid: most, application: "\u0001".repeat(63) })],
        telemetry: { available: false, reason: "r".repeat(5_000) },
        database: { systemIdentifier: "1".repeat(20), name: "\u0001".repeat(63), oid: 2 ** 32 },
        applied: numbered(9_999, "a"),
      }),
      { tag: "t".repeat(TAG_MAX_BYTES) },
    );
    expect(bytes(report)).toBeLessThanOrEqual(REPORT_MAX_BYTES);
    expect(report.error?.code).toBe("RUNNER_LOCK_TIMEOUT");
    expect(report.error?.message).not.toBe("…");
    expect(report.versionAfter).toMatch(/^v{90,}/);
    expect(report.error?.migration).toMatch(/^m{90,}/);
    expect(report.blockers).toHaveLength(1);
  });

  test("a tag that is too long for the command line doesn't crowd out the rest", () => {
    const report = makeReport(result(), { tag: "\u0001".repeat(10_000) });
    expect(bytes(report)).toBeLessThanOrEqual(REPORT_MAX_BYTES);
    expect(report.truncated).toBe(true);
  });
});

describe("a tag for the command line", () => {
  test("may have 512 bytes", () => {
    expect(() => checkTag("é".repeat(256))).not.toThrow();
  });
  test.each([
    ["longer ones", "x".repeat(513)],
    ["control characters that grow in JSON", "\u0001".repeat(86)],
  ])("%s are refused", (_what, tag) => {
    expect(() => checkTag(tag)).toThrow("--report-tag is longer than 512 bytes");
  });
});

describe("cutting a text", () => {
  test.each([
    ["abc", 3, "abc"],
    ["abcd", 3, "…"],
    ["abcdef", 5, "ab…"],
    ["abcd", 2, ""],
    ["😀😀", 8, "😀😀"],
    ["😀😀", 7, "😀…"],
    ['""""', 7, '""…'],
    ["\ud83d", 6, "\ud83d"],
    ["", 0, ""],
  ])("%j to %i bytes is %j", (text, most, expected) => {
    expect(cutToJsonBytes(text, most)).toBe(expected);
    expect(jsonBytes(cutToJsonBytes(text, most)) - 2).toBeLessThanOrEqual(most);
  });
});

describe("writing a report", () => {
  test("replaces what was there, in the same file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "report-"));
    try {
      const file = join(folder, "termination-log");
      await writeFile(file, "x".repeat(5_000));
      // As a mount does, a reader's handle stays with the file: a rename would leave it with the old one.
      await using handle = await open(file, "r");
      const report = makeReport(result(), { tag: "t" });
      await writeReport(file, report);
      expect(await handle.readFile("utf8")).toBe(encodeReport(report));
      expect(await readFile(file, "utf8")).toBe(encodeReport(report));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("to a folder that isn't there is an error that names the file", async () => {
    const report = makeReport(result(), { tag: "" });
    await expect(writeReport(join(tmpdir(), "absent", "report"), report)).rejects.toThrow(/absent.*ENOENT/);
  });
});

/** mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
