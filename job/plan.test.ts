import { describe, expect, test } from "vitest";
import { baselinePlan } from "./history/baseline.ts";
import { checksum, entry, folder, migration, row, source } from "./history/example.ts";
import type { HistoryRow } from "./history/history.ts";
import { openHistory } from "./history/open.ts";
import { checkPlan, makePlan } from "./plan.ts";
import type { Plan, PlanOptions } from "./plan.ts";
import type { Migration, Source } from "./source/migration.ts";

const strict: PlanOptions = { to: null, allowDrift: false, allowOutOfOrder: false };

const planOf = (from: Source, rows: HistoryRow[], options: Partial<PlanOptions> = {}): Plan =>
  makePlan(from, openHistory({ format: "auto", table: null }, from).match(from, rows), { ...strict, ...options });

const sql = (...names: string[]): Source => source(names.map((name) => migration(name)));
const rows = (...names: string[]): HistoryRow[] => names.map((name) => row(name));
const names = (list: { name: string }[]): string[] => list.map(({ name }) => name);
const drizzle = (...entries: Migration[]): Source => source(entries, "drizzle");
const drizzleRow = (when: number, name: string): HistoryRow =>
  row(`drizzle entry ${when}`, { when, checksum: checksum(name) });

type Case = {
  title: string;
  from: Source;
  history: HistoryRow[];
  to?: string;
  want: Partial<Record<"applied" | "pending" | "later" | "missing" | "ahead" | "outOfOrder" | "drifted", string[]>>;
  version: string | null;
  code?: string;
};

const [a, b, c] = ["0001_a", "0002_b", "0003_c"];

const cases: Case[] = [
  {
    title: "all is pending on an empty database",
    from: sql(a, b),
    history: [],
    want: { pending: [a, b] },
    version: null,
  },
  {
    title: "what is new is pending",
    from: sql(a, b, c),
    history: rows(a),
    want: { applied: [a], pending: [b, c] },
    version: a,
  },
  { title: "nothing is pending", from: sql(a, b), history: rows(a, b), want: { applied: [a, b] }, version: b },
  {
    title: "a target cuts what is pending",
    from: sql(a, b, c),
    history: rows(a),
    to: b,
    want: { applied: [a], pending: [b], later: [c] },
    version: a,
  },
  {
    title: "a target that is applied leaves nothing to do, and is no error",
    from: sql(a, b, c),
    history: rows(a, b),
    to: a,
    want: { applied: [a, b], later: [c] },
    version: b,
  },
  {
    title: "a release that was rolled back finds the database ahead",
    from: sql(a, b),
    history: rows(a, b, c),
    want: { applied: [a, b], ahead: [c] },
    version: c,
  },
  {
    title: "a file that was deleted in the middle is a hole",
    from: sql(a, c),
    history: rows(a, b, c),
    want: { applied: [a, c], missing: [b] },
    version: c,
    code: "DRIFT",
  },
  {
    title: "a last file that was renamed to a later name is a hole, not a database ahead: it would run twice",
    from: sql(a, "0002_c"),
    history: rows(a, b),
    want: { applied: [a], pending: ["0002_c"], missing: [b] },
    version: a,
    code: "DRIFT",
  },
  {
    title: "a last file that was renamed to an earlier name is out of order",
    from: sql(a, "0002_a"),
    history: rows(a, b),
    want: { applied: [a], pending: ["0002_a"], ahead: [b], outOfOrder: ["0002_a"] },
    version: b,
    code: "OUT_OF_ORDER",
  },
  {
    title: "a history without any migration of the source is another application's",
    from: sql(a, b),
    history: rows("10_x", "11_y"),
    want: { pending: [a, b], missing: ["10_x", "11_y"] },
    version: "11_y",
    code: "DRIFT",
  },
  {
    title: "a migration merged late is out of order",
    from: sql(a, b, c),
    history: rows(a, c),
    want: { applied: [a, c], pending: [b], outOfOrder: [b] },
    version: c,
    code: "OUT_OF_ORDER",
  },
  {
    title: "what is beyond the target isn't out of order yet",
    from: sql(a, b, c),
    history: rows(a, c),
    to: a,
    want: { applied: [a, c], later: [b] },
    version: c,
  },
  {
    title: "numbers order rows and files, not digits",
    from: sql("2_b", "10_c"),
    history: rows("2_b", "9_x", "10_c"),
    want: { applied: ["2_b", "10_c"], missing: ["9_x"] },
    version: "10_c",
    code: "DRIFT",
  },
  {
    title: "a changed file is drift",
    from: sql(a, b),
    history: [row(a, { checksum: checksum("before") }), row(b)],
    want: { applied: [a, b], drifted: [a] },
    version: b,
    code: "DRIFT",
  },
  {
    title: "a row without a checksum isn't drift",
    from: sql(a),
    history: [row(a, { checksum: null })],
    want: { applied: [a] },
    version: a,
  },
  {
    title: "drizzle: rows are matched by their time",
    from: drizzle(entry(a, 100), entry(b, 200)),
    history: [drizzleRow(100, a)],
    want: { applied: [a], pending: [b] },
    version: a,
  },
  {
    title: "drizzle: an entry merged late, with an older time, is what upstream would skip",
    from: drizzle(entry(a, 100), entry(c, 300), entry(b, 200)),
    history: [drizzleRow(100, a), drizzleRow(300, c)],
    want: { applied: [a, c], pending: [b], outOfOrder: [b] },
    version: c,
    code: "OUT_OF_ORDER",
  },
  {
    title: "drizzle: on an empty table a journal that isn't in the order of its times is applied as it is",
    from: drizzle(entry(a, 100), entry(c, 300), entry(b, 200)),
    history: [],
    want: { pending: [a, c, b] },
    version: null,
  },
  {
    title: "drizzle: a release that was rolled back finds the database ahead",
    from: drizzle(entry(a, 100), entry(b, 200)),
    history: [drizzleRow(100, a), drizzleRow(200, b), drizzleRow(300, c)],
    want: { applied: [a, b], ahead: ["drizzle entry 300"] },
    version: "drizzle entry 300",
  },
  {
    title: "drizzle: a row between two entries that no entry is of is a hole",
    from: drizzle(entry(a, 100), entry(c, 300)),
    history: [drizzleRow(100, a), drizzleRow(200, b), drizzleRow(300, c)],
    want: { applied: [a, c], missing: ["drizzle entry 200"] },
    version: c,
    code: "DRIFT",
  },
  {
    title: "drizzle: a row that two racing migrators wrote twice is one migration",
    from: drizzle(entry(a, 100), entry(b, 200)),
    history: [drizzleRow(100, a), drizzleRow(100, a), drizzleRow(200, b)],
    want: { applied: [a, b] },
    version: b,
  },
  {
    title: "drizzle: two entries of one time are told apart by their hashes",
    from: drizzle(entry(a, 100), entry(b, 100)),
    history: [drizzleRow(100, b), drizzleRow(100, a)],
    want: { applied: [a, b] },
    version: b,
  },
  {
    title: "drizzle: of two entries of one time the one whose hash is in the table is applied",
    from: drizzle(entry(a, 100), entry(b, 100), entry(c, 200)),
    history: [drizzleRow(100, b)],
    want: { applied: [b], pending: [a, c], outOfOrder: [a] },
    version: b,
    code: "OUT_OF_ORDER",
  },
  {
    title: "drizzle: a changed file is found by its time",
    from: drizzle(entry(a, 100), entry(b, 200)),
    history: [drizzleRow(100, a), drizzleRow(200, "before")],
    want: { applied: [a, b], drifted: [b] },
    version: b,
    code: "DRIFT",
  },
  {
    title: "drizzle 1.0: two folders of one second are in order, and decided by name",
    from: drizzle(folder("20260101120000_a"), folder("20260101120000_b")),
    history: [row("20260101120000_a", { when: Date.UTC(2026, 0, 1, 12) })],
    want: { applied: ["20260101120000_a"], pending: ["20260101120000_b"] },
    version: "20260101120000_a",
  },
];

test.each(cases)("$title", ({ from, history, to = null, want, version, code }) => {
  const plan = planOf(from, history, { to });
  expect({
    applied: names(plan.applied),
    pending: names(plan.pending),
    later: names(plan.later),
    drifted: names(plan.drifted.map((item) => item.migration)),
    missing: names(plan.missing),
    ahead: names(plan.ahead),
    outOfOrder: names(plan.outOfOrder),
    version: plan.version,
    code: checkPlan(plan, { ...strict, to })?.code,
  }).toEqual({
    applied: [],
    pending: [],
    later: [],
    drifted: [],
    missing: [],
    ahead: [],
    outOfOrder: [],
    ...want,
    version,
    code,
  });
});

describe("what is told", () => {
  test("drift names what changed and what is missing, with short hashes, and the flag", () => {
    const failure = checkPlan(planOf(sql(a, c), [row(a, { checksum: checksum("x") }), row(b), row(c)]), strict);
    expect(failure?.exitCode).toBe(12);
    expect(failure?.message).toBe(
      "The history and /app/migrations disagree. " +
        `1 applied migration has changed: ${a} (was ${checksum("x").slice(0, 8)}, is ${checksum(a).slice(0, 8)}). ` +
        `1 applied migration is missing: ${b} (${checksum(b).slice(0, 8)}).`,
    );
    expect(failure?.details.hint).toContain("--allow-drift");
  });

  test("at most five names are told, and how many more there are", () => {
    const many = Array.from({ length: 17 }, (_, i) => `${i + 1}_x`);
    const failure = checkPlan(planOf(sql("0_a", ...many, "99_z"), rows("0_a", "99_z")), strict);
    expect(failure?.message).toBe(
      "17 pending migrations come before one that is applied already: 1_x, 2_x, 3_x, 4_x, 5_x and 12 more.",
    );
    expect(failure?.details.hint).toContain("--allow-out-of-order");
  });

  test("for a drizzle journal it says that upstream would skip the entry; for folders and plain SQL it doesn't", () => {
    const journal = planOf(drizzle(entry(a, 200), entry(b, 100)), [drizzleRow(200, a)]);
    expect(checkPlan(journal, strict)?.message).toContain("drizzle's own migrator would skip that in silence");
    const folders = planOf(drizzle(folder("20260101120000_a"), folder("20260102120000_b")), [
      row("20260102120000_b", { when: Date.UTC(2026, 0, 2, 12) }),
    ]);
    expect(checkPlan(folders, strict)?.code).toBe("OUT_OF_ORDER");
    expect(checkPlan(folders, strict)?.message).not.toContain("drizzle");
  });

  test("a foreign history asks whose it is, and names --history-table", () => {
    const failure = checkPlan(planOf(sql(a), rows("1_other")), strict);
    expect(failure?.message).toMatch(/None of .* 1_other\. Is it the history of another application\?/);
    expect(failure?.details.hint).toContain("--history-table");
  });

  test.each([
    ["0002_c", b],
    ["0002", b],
    ["0002_b.sql", b],
    ["0002_b.up.sql", b],
    ["migrations/0002_b.sql", b],
  ])("an unknown target %s is invalid input that suggests %s", (to, meant) => {
    const options = { ...strict, to, allowDrift: true, allowOutOfOrder: true };
    const plan = planOf(sql(a, b, c), rows(a), options);
    const failure = checkPlan(plan, options);
    expect(plan.pending).toEqual([]);
    expect(failure).toMatchObject({ code: "INVALID_INPUT", exitCode: 13, details: { hint: `Did you mean ${meant}?` } });
  });

  test("a target like nothing in the source gets no guess, but the last name", () => {
    const failure = checkPlan(planOf(sql(a, b), [], { to: "something else" }), strict);
    expect(failure?.details.hint).toBe(`It has 2 migrations; the last one is ${b}.`);
  });
});

test("each flag allows its own obstacle and no other", () => {
  const both = planOf(sql(a, b, c), [row(a, { checksum: checksum("x") }), row(c)]);
  expect(checkPlan(both, { ...strict, allowDrift: true })?.code).toBe("OUT_OF_ORDER");
  expect(checkPlan(both, { ...strict, allowOutOfOrder: true })?.code).toBe("DRIFT");
  expect(checkPlan(both, { ...strict, allowDrift: true, allowOutOfOrder: true })).toBeNull();
});

test("whatever the history, each migration and each row has one place, and applying what is pending leaves nothing", () => {
  const random = seeded(20_260_101);
  const pick = (n: number): number => Math.floor(random() * n);
  for (let round = 0; round < 3_000; round++) {
    const isDrizzle = random() < 0.5;
    const all = Array.from({ length: pick(9) }, (_, i) => {
      const name = `${i * 2 + pick(2)}_${pick(3)}`;
      return isDrizzle ? entry(name, pick(12) * 100, { checksum: checksum(String(pick(6))) }) : migration(name);
    });
    const from = source(
      all.filter(() => random() < 0.8),
      isDrizzle ? "drizzle" : "sql",
    );
    const history = all
      .filter(() => random() < 0.6)
      .map((one) => (isDrizzle ? { ...drizzleRow(one.when ?? 0, ""), checksum: one.checksum } : row(one.name)));
    const to = random() < 0.3 ? (from.migrations[pick(from.migrations.length)]?.name ?? null) : null;
    const options = { to, allowDrift: random() < 0.5, allowOutOfOrder: random() < 0.5 };
    const open = openHistory({ format: "auto", table: null }, from);
    const matched = open.match(from, history);
    const plan = makePlan(from, matched, options);

    const placed = [...plan.applied, ...plan.pending, ...plan.later];
    expect(placed.length).toBe(from.migrations.length);
    expect(new Set(placed)).toEqual(new Set(from.migrations));
    const unknown = matched.filter((one) => one.migration === null).map((one) => one.row);
    expect(plan.missing.length + plan.ahead.length).toBe(unknown.length);
    expect(new Set([...plan.missing, ...plan.ahead])).toEqual(new Set(unknown));
    for (const list of [plan.applied, plan.pending, plan.later]) {
      expect(list).toEqual(from.migrations.filter((one) => list.includes(one)));
    }
    expect(plan.version === null).toBe(history.length === 0);
    const isDrift = plan.drifted.length + plan.missing.length > 0;
    const refused = options.allowDrift ? undefined : isDrift ? "DRIFT" : undefined;
    const late = options.allowOutOfOrder || plan.outOfOrder.length === 0 ? undefined : "OUT_OF_ORDER";
    expect(checkPlan(plan, options)?.code).toBe(refused ?? late);

    const written = plan.pending.map((one) =>
      isDrizzle ? { ...drizzleRow(one.when ?? 0, ""), checksum: one.checksum } : row(one.name),
    );
    const after = makePlan(from, open.match(from, [...history, ...written]), options);
    expect(names(after.pending)).toEqual([]);
    expect(names(after.later)).toEqual(names(plan.later));
    expect(after.outOfOrder).toEqual([]);
  }
});

/** mulberry32: small, and the same sequence each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("baseline", () => {
  test("takes the migrations up to the name, in order", () => {
    expect(names(baselinePlan(sql(a, b, c), [], b))).toEqual([a, b]);
  });

  test("is refused when the history has a row, and names it", () => {
    const refused = (): unknown => baselinePlan(sql(a, b), [{ row: row("9_other"), migration: null }], b);
    expect(refused).toThrow("baseline: the history has a row already: 9_other");
  });

  test("of an unknown name is invalid input", () => {
    expect(() => baselinePlan(sql(a, b), [], "0003_c")).toThrow('there is no migration "0003_c" in /app/migrations');
  });
});

test("drizzle's history for a folder that isn't drizzle's is invalid input", () => {
  expect(() => openHistory({ format: "drizzle", table: null }, sql(a))).toThrow(
    "--history-format drizzle: /app/migrations holds sql migrations, not a drizzle folder",
  );
  expect(openHistory({ format: "lockkeeper", table: null }, drizzle(entry(a, 1))).format).toBe("lockkeeper");
  expect(openHistory({ format: "auto", table: null }, drizzle(entry(a, 1))).format).toBe("drizzle");
  expect(openHistory({ format: "auto", table: null }, sql(a)).format).toBe("lockkeeper");
});
