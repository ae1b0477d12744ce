import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { folderWith } from "../../job/source/folder-fixture.ts";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { command, lastLine } from "./cli-process.ts";
import type { Ended } from "./cli-process.ts";
import { startTlsServer } from "./tls-server.ts";
import type { TlsServer } from "./tls-server.ts";

/** By this address it is verified; `localhost` leads to the same server, and isn't in its certificate. */
const NAMES = "IP:127.0.0.1";
let server: TlsServer;

beforeAll(async () => {
  server = await startTlsServer(inject("postgresVersion"), NAMES);
}, 60_000);
afterAll(async () => await server[Symbol.asyncDispose]());

/** The server's database; the test's own connections don't verify it. */
const tlsDatabase = async (): Promise<TestDatabase> =>
  await database({ server: { url: `${server.url}?sslmode=no-verify`, version: server.version } });

type Way = { mode?: string; host?: string; ca?: string };

/** The command on a folder of one migration that keeps how its own session is connected. */
async function runOver({ url }: { url: string }, name: string, { mode, host, ca }: Way): Promise<Ended> {
  await using source = await folderWith({
    "0001_seen.sql": "create table seen as select ssl, version from pg_stat_ssl where pid = pg_backend_pid()",
  });
  const target = new URL(url);
  target.search = mode === undefined ? "" : `?sslmode=${mode}`;
  if (host !== undefined) target.hostname = host;
  const flags = ca === undefined ? [] : ["--ca-file", ca];
  const ended = await command([name, "--dir", source.dir, "--connect-wait", "0s", ...flags], {
    DATABASE_URL: target.href,
  });
  expect(ended.stdout + ended.stderr).not.toMatch(/^\s+at |"stack"/m);
  expect(ended.stdout + ended.stderr).not.toContain(target.password);
  return ended;
}

const told = ({ stdout }: Ended): { code: string; message: string; hint: string } => {
  const { error, hint } = lastLine(stdout) as { error: { code: string; message: string }; hint: string };
  return { ...error, hint };
};

test.each<Way>([{}, { mode: "require" }, { mode: "verify-ca" }, { mode: "verify-full" }])(
  "with the right CA it migrates over TLS, whatever else the URL says of it: %j",
  async (way) => {
    await using db = await tlsDatabase();
    const migrated = await runOver(db, "migrate", { ...way, ca: server.ca });
    expect(migrated).toMatchObject({ code: 0, stderr: "" });
    expect(await db.query("select ssl, version like 'TLSv1._' as tls from seen")).toEqual([{ ssl: true, tls: true }]);
    const status = await runOver(db, "status", { ...way, ca: server.ca });
    expect(status).toMatchObject({ code: 0, stderr: "" });
    expect(status.stdout).toContain("1 of 1");
  },
);

test("without TLS this server takes nobody", async () => {
  await using db = await tlsDatabase();
  const ended = await runOver(db, "migrate", { mode: "disable" });
  expect(ended.code).toBe(14);
  expect(told(ended).code).toBe("CONNECTION_REFUSED");
});

test("with another CA the connection is refused, and the hint names --ca-file", async () => {
  await using db = await tlsDatabase();
  const ended = await runOver(db, "migrate", { ca: server.otherCa });
  expect(ended.code).toBe(14);
  expect(told(ended)).toMatchObject({
    code: "CONNECTION_REFUSED",
    hint: expect.stringContaining("--ca-file") as string,
  });
});

test.each(["require", "verify-full"])("without a CA file, sslmode=%s refuses a CA that nobody knows", async (mode) => {
  await using db = await tlsDatabase();
  const ended = await runOver(db, "migrate", { mode });
  expect(ended.code).toBe(14);
  expect(told(ended)).toMatchObject({
    code: "CONNECTION_REFUSED",
    hint: expect.stringContaining("--ca-file") as string,
  });
});

test("a name that isn't in the certificate is refused, but for sslmode=verify-ca", async () => {
  await using db = await tlsDatabase();
  const refused = await runOver(db, "migrate", { host: "localhost", ca: server.ca });
  expect(refused.code).toBe(14);
  expect(told(refused).message).toContain("localhost");
  const passed = await runOver(db, "migrate", { host: "localhost", ca: server.ca, mode: "verify-ca" });
  expect(passed.code).toBe(0);
  expect(await db.query("select ssl from seen")).toEqual([{ ssl: true }]);
});

test("a CA file and sslmode=disable contradict each other", async () => {
  await using db = await tlsDatabase();
  const ended = await runOver(db, "migrate", { mode: "disable", ca: server.ca });
  expect(ended.code).toBe(13);
  expect(told(ended)).toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining("disable") as string });
});

test.each<[string, boolean]>([
  ["sslmode=require", false],
  ["a CA file", true],
])("a server without TLS is refused by %s", async (_what, withCa) => {
  await using db = await database();
  const ended = await runOver(db, "migrate", withCa ? { ca: server.ca } : { mode: "require" });
  expect(ended.code).toBe(14);
  expect(told(ended)).toMatchObject({ code: "CONNECTION_REFUSED", message: expect.stringMatching(/SSL/) as string });
});
