/** One small migration of one statement, without its semicolon. */
export type Migration = { number: number; name: string; sql: string };

const nouns = ["users", "plans", "workouts", "sets", "gyms", "coaches", "goals", "notes", "devices", "invites"];

const padded = (value: number) => String(value).padStart(4, "0");

/** The five steps of one table's life, in the order in which an application would write them. */
const steps: readonly ((table: string, round: number) => { name: string; sql: string })[] = [
  (table) => ({
    name: `create_${table}`,
    sql: `CREATE TABLE "${table}" (
	"id" integer PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
)`,
  }),
  (table) => ({
    name: `${table}_add_status`,
    sql: `ALTER TABLE "${table}" ADD COLUMN "status" text DEFAULT 'draft' NOT NULL`,
  }),
  (table) => ({
    name: `${table}_index_name`,
    sql: `CREATE INDEX "${table}_name_idx" ON "${table}" USING btree ("name","status")`,
  }),
  (table, round) => ({
    name: `seed_${table}`,
    sql: `INSERT INTO "${table}" ("id", "name", "position", "created_at") VALUES
	(1, 'first of ${table}', ${round}, '2024-01-01T00:00:00Z'),
	(2, 'second of ${table}', ${round + 1}, '2024-01-02T00:00:00Z'),
	(3, 'third of ${table}', ${round + 2}, '2024-01-03T00:00:00Z')`,
  }),
  (table) => ({
    name: `${table}_check_position`,
    sql: `ALTER TABLE "${table}" ADD CONSTRAINT "${table}_position_check" CHECK ("position" >= 0)`,
  }),
];

/**
 * The same migrations on every machine: tables of three rows that are created, altered, indexed, seeded and checked.
 * One statement each, which is kindest to tools that send statement by statement. Nothing needs to run outside a
 * transaction.
 */
export const migrations = (count: number): Migration[] =>
  Array.from({ length: count }, (_, index) => {
    const round = Math.floor(index / steps.length);
    const table = `${nouns[round % nouns.length]}_${padded(round)}`;
    const step = steps[index % steps.length];
    if (step === undefined) throw new Error("a step for every index");
    const { name, sql } = step(table, round);
    return { number: index + 1, name: `${padded(index + 1)}_${name}`, sql };
  });

/** A migration of about `bytes` bytes: rows of 1 KB, a hundred in a statement. */
export function* largeMigration(bytes: number): Generator<string> {
  yield 'CREATE TABLE "articles" ("id" integer PRIMARY KEY NOT NULL, "body" text NOT NULL);\n';
  const text = "lorem ipsum dolor sit amet ".repeat(40).slice(0, 1_000);
  let written = 0;
  for (let id = 1; written < bytes; id += 100) {
    const rows = Array.from({ length: 100 }, (_, row) => `(${id + row}, '${text}')`);
    const statement = `INSERT INTO "articles" ("id", "body") VALUES\n${rows.join(",\n")};\n`;
    written += statement.length;
    yield statement;
  }
}
