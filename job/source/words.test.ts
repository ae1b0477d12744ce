import { expect, test } from "vitest";
import { findControlStatement, findCopyFromStdin, isSuspicious } from "./words.ts";

test.each([
  "create table a (id int);",
  "alter table commits add column ended_at timestamptz;",
  "insert into vacuums values (1); -- abortive, beginning, rollbacks",
  "create index a_idx on a (id);",
  "set default_transaction_read_only = on;",
  "",
])("shares a message: %s", (sql) => expect(isSuspicious(sql)).toBe(false));

test.each([
  "COMMIT;",
  "begin",
  "start\n transaction;",
  "prepare  transaction 'x';",
  "do $$ begin null; end $$;",
  'select 1 as "end";',
  "create index concurrently a_idx on a (id);",
  "vacuum;",
  "copy a from stdin;",
  "rollback to s;",
  "abort;",
  "-- commit",
])("is looked at by the parser: %s", (sql) => expect(isSuspicious(sql)).toBe(true));

test.each<[string, number]>([
  ["commit;", 0],
  ["select 1;\n  COMMIT ;", 12],
  ["select 1; rollback work;", 10],
  ["x\r\nend transaction;", 3],
  ["begin\n;", 0],
  ["a;prepare transaction 'it''s';", 2],
  ["a;prepare transaction 'its';", 2],
])("finds what looks like transaction control in %j at %i", (sql, at) => expect(findControlStatement(sql)).toBe(at));

test.each(["select 'a commit;'", "end if;", "commit_all();", "begin\n  null;", "rollback to savepoint a;"])(
  "takes no other text for transaction control: %j",
  (sql) => expect(findControlStatement(sql)).toBe(-1),
);

test.each<[string, number]>([
  ["copy a (id) from stdin;", 0],
  ["select 1;\nCOPY a\nFROM\n STDIN with csv;", 10],
  ["copy a from '/tmp/x';", -1],
  ["copy a to stdout; select 'from stdin'", -1],
])("finds COPY ... FROM stdin in %j at %i", (sql, at) => expect(findCopyFromStdin(sql)).toBe(at));
