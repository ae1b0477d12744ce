import { expect, test } from "vitest";
import { database } from "../../test/postgres/database.ts";
import { quoteLiteral, quoteTable } from "./name.ts";

test("what is quoted comes back as it was, whatever standard_conforming_strings says", async () => {
  await using db = await database();
  const client = await db.connect();
  for (const setting of ["on", "off"]) {
    await client.query(`set standard_conforming_strings = ${setting}; set escape_string_warning = off`);
    for (const text of ["plain", "it's", String.raw`\'`, String.raw`a\nb\\`, "$$", '"', "größe 🐘", "\n"]) {
      const { rows } = await client.query<{ text: string }>(`select ${quoteLiteral(text)} as text`);
      expect(rows, `${text} with ${setting}`).toEqual([{ text }]);
    }
  }
  const name = { schema: "a.b", table: 'T"x\\' };
  await client.query(`create schema "a.b"; create table ${quoteTable(name)} ()`);
  expect(await db.query("select relname from pg_class where relnamespace = '\"a.b\"'::regnamespace")).toEqual([
    { relname: name.table },
  ]);
});
