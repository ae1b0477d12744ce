import { expect, test } from "vitest";
import { database } from "../postgres/database.ts";
import { command, folder, lastLine } from "./cli-process.ts";

const EVERY_SIGN = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i)).join("");
const FILES = { "0001_a.sql": "create table a ();", "0002_b.sql": "select 1/0" };

test("a connection in parts migrates, with a password of every sign, and no output holds it", async () => {
  await using db = await database();
  const password = `a${EVERY_SIGN}z`;
  const role = await db.role("parts", {
    password,
    grants: ["usage, create on schema public", `create on database ${db.name}`],
  });
  await using files = await folder(FILES);
  const { hostname, port } = new URL(db.url);
  const parts = { PGHOST: hostname, PGPORT: port, PGDATABASE: db.name, PGUSER: role.name, PGSSLMODE: "disable" };
  const argv = ["migrate", "--dir", files.dir, "--to", "0001_a"];
  const ran = await command(argv, { ...parts, PGPASSWORD: password });
  expect(lastLine(ran.stdout)).toMatchObject({ status: "SUCCESS", applied: ["0001_a"] });
  const failed = await command(argv.slice(0, 3), { ...parts, PGPASSWORD: password });
  expect(failed.code).toBe(11);
  const refused = await command(argv, { ...parts, PGPASSWORD: `${password}wrong` });
  expect(refused.code).toBe(14);
  for (const output of [ran, failed, refused].flatMap(({ stdout, stderr }) => [stdout, stderr])) {
    expect(output).not.toContain(password);
    expect(output).not.toContain(encodeURIComponent(password));
    expect(output).not.toContain(JSON.stringify(password).slice(1, -1));
  }
});
