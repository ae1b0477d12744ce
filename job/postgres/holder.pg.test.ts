import { expect, test } from "vitest";
import { LOCK_KEY } from "../../contract/lock.ts";
import { database } from "../../test/postgres/database.ts";
import { findHolder } from "./holder.ts";

test("nobody holds the lock of a new database", async () => {
  await using db = await database();
  expect(await findHolder(await db.connect())).toBeNull();
});

test("the holder is told with the address of its client, without a netmask", async () => {
  await using db = await database();
  const holder = await db.connect("worker");
  await holder.query(`select pg_advisory_lock(${LOCK_KEY})`);
  expect(await findHolder(await db.connect())).toMatchObject({
    application: "worker",
    address: "127.0.0.1",
    state: "idle",
  });
});
