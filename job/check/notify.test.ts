import { describe, expect, test } from "vitest";
import { inTurn, standIn } from "../../test/check/stand-in.ts";
import type { Respond } from "../../test/check/stand-in.ts";
import { noteOf, sendNote } from "./notify.ts";
import type { Finding, Outcome } from "./outcome.ts";

const ABOUT = {
  where: "https://shop.example.com/api/ops/migrations",
  lookbackMinutes: 120,
  now: new Date("2026-03-01T12:00:00Z"),
};

const finding = (changes: Partial<Finding> = {}): Finding => ({
  severity: "critical",
  code: "PENDING_MIGRATIONS",
  namespace: "shop",
  name: "web",
  message: "2 migrations pending and no run at work",
  ...changes,
});
const outcome = (...findings: Finding[]): Outcome => ({
  status: "critical",
  findings,
  migrations: [],
  exitCode: 16,
  hint: "",
});

describe("a note", () => {
  test("says it in one text and in fields", () => {
    const note = noteOf(outcome(finding()), ABOUT, "https://github.com/acme/shop/actions/runs/7");
    expect(note).toMatchObject({
      source: "lockkeeper",
      status: "critical",
      checkedAt: "2026-03-01T12:00:00.000Z",
      endpoint: ABOUT.where,
      lookbackMinutes: 120,
      alertCount: 1,
      alerts: [finding()],
    });
    expect(note.text.split("\n")).toEqual([
      `Migrations: critical: 1 alert for 0 databases, looking 120 min back (${ABOUT.where})`,
      "• critical PENDING_MIGRATIONS shop/web: 2 migrations pending and no run at work",
      "https://github.com/acme/shop/actions/runs/7",
    ]);
  });

  test("mentions nobody and links nowhere, whatever an alert says", () => {
    const { text } = noteOf(outcome(finding({ message: "<!channel> & <https://evil.example|here> @all" })), ABOUT, "");
    expect(text).toContain("&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt; @\u200Ball");
  });

  test("has the same fingerprint for the same alerts, though their texts say how old they are by now", () => {
    const of = (...findings: Finding[]): string => noteOf(outcome(...findings), ABOUT, "").fingerprint;
    const [a, b] = [finding(), finding({ name: "worker" })];
    expect(of(a, b)).toBe(of(b, { ...a, message: "later" }, a));
    expect(of(a)).not.toBe(of(b));
    expect(of(a)).not.toBe(of({ ...a, code: "DRIFT" }));
  });

  test("stays small, however much is wrong", () => {
    const message = "x".repeat(1_000);
    const note = noteOf(outcome(...Array.from({ length: 1_000 }, () => finding({ message }))), ABOUT, "");
    expect(note).toMatchObject({ alertCount: 1_000 });
    expect(note.alerts).toHaveLength(20);
    expect(note.text).toContain("and 980 more");
    expect(JSON.stringify(note).length).toBeLessThan(60_000);
  });
});

/** Sends one to a real server that answers so, without waiting between tries. */
async function sentTo(respond: Respond) {
  await using server = await standIn(respond);
  const pauses: number[] = [];
  const reason = await sendNote(new URL(`${server.origin}/services/canary`), '{"text":"a"}', {
    signal: new AbortController().signal,
    sleep: async (ms) => void pauses.push(ms),
  });
  return { reason, asked: server.asked, pauses };
}

const status =
  (code: number, headers: Record<string, string> = {}): Respond =>
  (_, outgoing) =>
    void outgoing.writeHead(code, headers).end("canary");

describe("sending it", () => {
  test("is one POST of JSON, where that is taken", async () => {
    const { reason, asked } = await sentTo(status(200));
    expect(reason).toBeNull();
    expect(asked).toMatchObject([
      {
        method: "POST",
        url: "/services/canary",
        body: '{"text":"a"}',
        headers: { "content-type": "application/json; charset=utf-8" },
      },
    ]);
  });

  test("is tried again where that may help", async () => {
    expect(await sentTo(inTurn(status(503), (_, outgoing) => void outgoing.destroy(), status(204)))).toMatchObject({
      reason: null,
      asked: { length: 3 },
    });
    expect((await sentTo(inTurn(status(429, { "retry-after": "5" }), status(200)))).pauses).toEqual([5_000]);
    // A receiver can't hold up a check for as long as it likes.
    expect((await sentTo(inTurn(status(429, { "retry-after": "900" }), status(200)))).pauses).toEqual([10_000]);
  });

  test.each<[string, Respond, RegExp, number]>([
    ["is refused", status(403), /^it answered 403$/, 1],
    [
      "points elsewhere",
      status(302, { location: "http://127.0.0.1:1/" }),
      /^it redirects \(302\), which isn't followed$/,
      1,
    ],
    ["stays down", status(500), /^it answered 500, tried 3 times$/, 3],
    ["breaks off", (_, outgoing) => void outgoing.destroy(), /^it can't be reached \(ECONNRESET\), tried 3 times$/, 3],
  ])(
    "is given up where the webhook %s, and tells nothing of the URL or its answer",
    async (_, respond, told, times) => {
      const { reason, asked } = await sentTo(respond);
      expect(reason).toMatch(told);
      expect(reason).not.toContain("canary");
      expect(asked).toHaveLength(times);
    },
  );
});
