import { expect, test } from "vitest";
import { OpsPayload } from "../../contract/ops.ts";
import { alert, opsPayload, working } from "../../test/check/stand-in.ts";
import { readPayload } from "./payload.ts";

const EXAMPLES = [opsPayload(), working(2, [alert("STUCK_RUN")]), opsPayload({ migrations: [] })];

test("reads of an answer what the contract says is in it", () => {
  for (const example of EXAMPLES) {
    expect(OpsPayload.parse(example)).toMatchObject(readPayload(JSON.stringify(example)) as object);
  }
});

/** Each place in a document, by its path. */
function* places(value: unknown, path: string[] = []): Generator<string[]> {
  yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, part] of Object.entries(value)) yield* places(part, [...path, key]);
}

const REMOVED = Symbol("removed");

function changed(value: unknown, [key, ...rest]: string[], to: unknown): unknown {
  if (key === undefined) return to;
  const entries = Object.entries(value as object).flatMap(([name, part]): [string, unknown][] => {
    const next = name === key ? changed(part, rest, to) : part;
    return next === REMOVED ? [] : [[name, next]];
  });
  return Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries);
}

/** What the contract knows and a check doesn't look at. */
const UNREAD =
  /^(?:generatedAt|migrations\.\d+\.recentRuns\.\d+\.(?:id|host|lockWaitMs|versionBefore|versionAfter|applied|error|blockers)(?:\..*)?)$/;
/** What a newer endpoint may bring. */
const OPEN = /^(?:alerts\.\d+\.code|migrations\.\d+\.recentRuns\.\d+\.status)$/;

test("refuses what the contract's schema refuses, and nothing else", () => {
  let compared = 0;
  for (const example of EXAMPLES) {
    for (const path of places(example)) {
      const at = path.join(".");
      if (UNREAD.test(at)) continue;
      for (const value of [REMOVED, null, 7, -1, 1.5, "", "text", true, [], {}, ["a"], [7]]) {
        if (typeof value === "string" && OPEN.test(at)) continue;
        // It is asked for, and so never 0.
        if (at === "lookbackMinutes") continue;
        const document = changed(example, path, value);
        const told = readPayload(JSON.stringify(document === REMOVED ? undefined : document) ?? "");
        const expected = OpsPayload.safeParse(document).success;
        expect({ at, value, read: typeof told !== "string" }).toEqual({ at, value, read: expected });
        compared++;
      }
    }
  }
  expect(compared).toBeGreaterThan(500);
});

test.each([
  ["", "it isn't JSON"],
  ["[]", "the document isn't an object"],
  ["{}", "status isn't one of ok, warning, critical"],
  [JSON.stringify(opsPayload({ alerts: [{} as never] })), "alerts[0].severity isn't one of critical, warning"],
])("says what is wrong with %j", (body, wrong) => {
  expect(readPayload(body)).toBe(wrong);
});

test("makes every text a harmless line, and takes over no other key", () => {
  const hostile = alert("DRIFT", { name: "::error::x", message: "a\n##[error]b" });
  const told = readPayload(
    `{"__proto__": {"polluted": 1}, ${JSON.stringify(opsPayload({ alerts: [hostile] })).slice(1)}`,
  );
  expect(told).toMatchObject({ alerts: [{ name: ": :error::x", message: "a # #[error]b" }] });
  expect(told).not.toHaveProperty("polluted");
  expect(told).not.toHaveProperty("generatedAt");
});
