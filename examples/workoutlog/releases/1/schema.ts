import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  date,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
  uuid,
} from "drizzle-orm/pg-core";

const moment = (name: string) => timestamp(name, { withTimezone: true });

export const muscleGroup = pgEnum("muscle_group", ["legs", "back", "chest", "shoulders", "arms", "core"]);
export const setKind = pgEnum("set_kind", ["warmup", "working", "drop"]);
export const unitSystem = pgEnum("unit_system", ["metric", "imperial"]);

export const users = pgTable("users", {
  id: uuid("id").primaryKey().defaultRandom(),
  email: text("email").notNull().unique(),
  displayName: text("display_name").notNull(),
  units: unitSystem("units").notNull().default("metric"),
  createdAt: moment("created_at").notNull().defaultNow(),
});

export const exercises = pgTable("exercises", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  name: text("name").notNull().unique(),
  muscleGroup: muscleGroup("muscle_group").notNull(),
  bodyweight: boolean("bodyweight").notNull().default(false),
});

export const plans = pgTable("plans", {
  id: uuid("id").primaryKey().defaultRandom(),
  userId: uuid("user_id")
    .notNull()
    .references(() => users.id, { onDelete: "cascade" }),
  name: text("name").notNull(),
  createdAt: moment("created_at").notNull().defaultNow(),
});

export const planItems = pgTable(
  "plan_items",
  {
    planId: uuid("plan_id")
      .notNull()
      .references(() => plans.id, { onDelete: "cascade" }),
    position: smallint("position").notNull(),
    exerciseId: integer("exercise_id")
      .notNull()
      .references(() => exercises.id),
    targetSets: smallint("target_sets").notNull(),
    targetReps: smallint("target_reps").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.planId, table.position] }),
    check("plan_items_targets_positive", sql`${table.targetSets} > 0 and ${table.targetReps} > 0`),
  ],
);

export const workouts = pgTable(
  "workouts",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    planId: uuid("plan_id").references(() => plans.id, { onDelete: "set null" }),
    title: text("title").notNull(),
    notes: text("notes"),
    startedAt: moment("started_at").notNull(),
    finishedAt: moment("finished_at"),
  },
  (table) => [index("workouts_user_started_idx").on(table.userId, table.startedAt.desc())],
);

export const sets = pgTable(
  "sets",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    workoutId: uuid("workout_id")
      .notNull()
      .references(() => workouts.id, { onDelete: "cascade" }),
    exerciseId: integer("exercise_id")
      .notNull()
      .references(() => exercises.id),
    position: smallint("position").notNull(),
    kind: setKind("kind").notNull().default("working"),
    reps: smallint("reps").notNull(),
    weightGrams: integer("weight_grams"),
  },
  (table) => [
    unique("sets_workout_position_unique").on(table.workoutId, table.position),
    index("sets_exercise_idx").on(table.exerciseId),
    check("sets_reps_positive", sql`${table.reps} > 0`),
  ],
);

export const bodyWeights = pgTable(
  "body_weights",
  {
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    measuredOn: date("measured_on").notNull(),
    weightGrams: integer("weight_grams").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.measuredOn] }),
    check("body_weights_weight_positive", sql`${table.weightGrams} > 0`),
  ],
);

/** Lockkeeper's run log, made by the app's own migrations: Lockkeeper finds it and writes to it. */
export const migrationRunLog = pgTable(
  "migration_run_log",
  {
    id: uuid("id").primaryKey(),
    status: text("status").notNull(),
    runner: text("runner").notNull(),
    source: text("source"),
    host: text("host"),
    startedAt: moment("started_at").notNull(),
    heartbeatAt: moment("heartbeat_at").notNull(),
    finishedAt: moment("finished_at"),
    lockWaitMs: bigint("lock_wait_ms", { mode: "number" }).notNull().default(0),
    versionBefore: text("version_before"),
    versionAfter: text("version_after"),
    pending: text("pending")
      .array()
      .notNull()
      .default(sql`'{}'`),
    applied: text("applied")
      .array()
      .notNull()
      .default(sql`'{}'`),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    errorMigration: text("error_migration"),
    blockers: jsonb("blockers"),
  },
  (table) => [
    check(
      "migration_run_log_status_check",
      sql`${table.status} in ('RUNNING', 'SUCCESS', 'LOCK_TIMEOUT', 'FAILED', 'SKIPPED')`,
    ),
  ],
);
