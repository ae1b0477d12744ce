/** The document is held against what is really answered: each status once, over a real connection. */
import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, onTestFinished, test } from "vitest";
import { openApi } from "./openapi.ts";
import { opsApp, opsCaches, TOKEN } from "./ops.fixture.ts";
import { serveOps } from "./server.ts";

const document = openApi();
const { get } = document.paths["/api/ops/migrations"];
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(document, "document");

/** What is wrong with it, by the document. */
function faults(status: number, body: unknown): string[] {
  if (!Object.hasOwn(get.responses, status)) return [`${status} isn't in the document`];
  const path = `document#/paths/~1api~1ops~1migrations/get/responses/${status}/content/application~1json/schema`;
  const validate = ajv.getSchema(path);
  if (validate === undefined) return [`${status} has no schema`];
  return validate(body) === true
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const NOW = "2026-03-01T00:00:00.000Z";
const failed = {
  ...{ id: "run-1", status: "FAILED", runner: "kubernetes-job", source: "web:1", host: "web-1", lockWaitMs: 12 },
  ...{ startedAt: NOW, finishedAt: NOW, versionBefore: "0041", versionAfter: "0042", applied: ["0042"] },
  error: { code: "55P03", message: "canceling statement due to lock timeout", migration: "0043" },
  blockers: [{ pid: 812, application: "web", relation: "public.orders" }],
};

test("every status that there is is answered as the document says", async () => {
  const caches = opsCaches();
  const { app, clock, state } = opsApp({ caches });
  const server = await serveOps(0, app);
  onTestFinished(async () => await server[Symbol.asyncDispose]());
  const seen: number[] = [];
  const ask = async (query = "", init: RequestInit = {}): Promise<unknown> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await fetch(`http://127.0.0.1:${server.port}/api/ops/migrations${query}`, { headers, ...init });
    const body: unknown = await answer.json();
    seen.push(answer.status);
    expect(faults(answer.status, body), `${answer.status} ${JSON.stringify(body).slice(0, 300)}`).toEqual([]);
    return body;
  };
  caches.state.synced = false;
  expect(await ask()).toMatchObject({ error: { code: "NOT_READY" } });
  caches.state.synced = true;
  await ask();
  caches.resource("web", { runs: [failed], telemetry: { available: true, reason: "" } });
  await clock.pass(1_000);
  expect(await ask()).toMatchObject({
    status: "critical",
    migrations: [{ recentRuns: [{ error: { code: "55P03" } }] }],
  });
  await ask("?limit=0");
  await ask("", { method: "POST" });
  await ask("", { headers: {} });
  state.token = null;
  await ask();
  state.token = TOKEN;
  for (let guess = 0; guess < 6; guess++) await ask("", { headers: {} });
  expect(new Set(seen)).toEqual(new Set([200, 400, 401, 404, 405, 429, 503]));
});

test("and a bug is a 500 that tells nothing of it", async () => {
  const { app, errors } = opsApp({
    hold: () => {
      throw new Error("canary");
    },
  });
  const answer = await app.request("/api/ops/migrations", { headers: { authorization: `Bearer ${TOKEN}` } });
  const body = await answer.text();
  expect(answer.status).toBe(500);
  expect(faults(500, JSON.parse(body))).toEqual([]);
  expect(body).not.toContain("canary");
  expect(errors).toHaveLength(1);
});

test("what isn't of the document's form is found", () => {
  const payload = { status: "ok", generatedAt: NOW, lookbackMinutes: 120, alerts: [], migrations: [] };
  expect(faults(200, payload)).toEqual([]);
  expect(faults(200, { ...payload, migrations: [{ name: "web" }] })).not.toEqual([]);
  expect(faults(200, { ...payload, secret: 1 })).not.toEqual([]);
  expect(faults(503, { error: {} })).not.toEqual([]);
  expect(faults(418, {})).not.toEqual([]);
});

test("the parameters are those that are taken, with their bounds", () => {
  expect(get.parameters.map(({ name, schema }) => [name, schema])).toMatchObject([
    ["lookbackMinutes", { type: "integer", minimum: 1, maximum: 43_200, default: 120 }],
    ["limit", { type: "integer", minimum: 1, maximum: 100, default: 20 }],
    ["namespace", { type: "string", maxLength: 63 }],
    ["name", { type: "string", maxLength: 253 }],
  ]);
});

test("docs/openapi.json is what the operator serves", async () => {
  const committed = await readFile(new URL("../../docs/openapi.json", import.meta.url), "utf8");
  expect(JSON.parse(committed)).toEqual(JSON.parse(JSON.stringify(document)));
});
