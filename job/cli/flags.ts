import type { CommandName } from "./commands.ts";

export type Flag = {
  name: string;
  /** The value's form, such as DIR; "" for a switch. */
  value: string;
  /** The variable that says the same; the flag wins. */
  env: string;
  /** As the help shows it. "" where there is none. */
  default: string;
  description: string;
  commands: readonly CommandName[];
};

const DATABASE = ["migrate", "status", "plan", "down", "baseline", "unlock"] as const;
const ALL = [...DATABASE, "check"] as const;
const SOURCE = ["migrate", "status", "plan", "down", "baseline"] as const;
const RUN = ["migrate", "down", "baseline"] as const;
const LOGGED = ["migrate", "status", "down", "baseline"] as const;

/** The flags, once: parsing, `--help` and docs/cli.md are made from this table. */
export const FLAGS = [
  {
    name: "dir",
    value: "DIR",
    env: "",
    default: "drizzle or migrations",
    description: "The folder of migrations. Without it: ./drizzle or ./migrations, whichever exists.",
    commands: SOURCE,
  },
  {
    name: "format",
    value: "FORMAT",
    env: "",
    default: "auto",
    description: "The folder's layout: auto, drizzle, sql or module.",
    commands: SOURCE,
  },
  {
    name: "to",
    value: "NAME",
    env: "",
    default: "",
    description: "The last migration to apply; for down, the one to go back to, or 0 for none.",
    commands: ["migrate", "plan", "down"],
  },
  {
    name: "database-url-file",
    value: "FILE",
    env: "DATABASE_URL_FILE",
    default: "",
    description: "A file that holds the connection string. There is no --database-url: every user could read it.",
    commands: DATABASE,
  },
  {
    name: "ca-file",
    value: "FILE",
    env: "",
    default: "",
    description: "The certificates (PEM) that the server's own must be signed by; turns TLS on.",
    commands: ALL,
  },
  {
    name: "connect-wait",
    value: "DURATION",
    env: "",
    default: "15s",
    description:
      "How long to wait for a server that doesn't answer; four times as long when a connection is lost on the way.",
    commands: DATABASE,
  },
  {
    name: "lock-wait",
    value: "DURATION",
    env: "",
    default: "10m",
    description: "How long to wait while another runner is at work.",
    commands: RUN,
  },
  {
    name: "lock-timeout",
    value: "DURATION",
    env: "",
    default: "5s",
    description: "How long one try of a migration waits for a table's lock; everybody else queues behind it.",
    commands: ["migrate", "plan", "down", "baseline"],
  },
  {
    name: "lock-retries",
    value: "N",
    env: "",
    default: "8",
    description: "How many times a migration is tried again after a lock timeout or a deadlock.",
    commands: ["migrate", "down"],
  },
  {
    name: "statement-timeout",
    value: "DURATION",
    env: "",
    default: "0",
    description: "The longest that one statement may take; 0: no limit.",
    commands: ["migrate", "plan", "down", "baseline"],
  },
  {
    name: "run-timeout",
    value: "DURATION",
    env: "",
    default: "30m",
    description: "The longest that the run may take, waiting included; 0: no limit.",
    commands: RUN,
  },
  {
    name: "batch",
    value: "N",
    env: "",
    default: "64",
    description: "The most migrations in one message to the server, each a transaction of its own; 1: one a message.",
    commands: ["migrate"],
  },
  {
    name: "allow-drift",
    value: "",
    env: "",
    default: "",
    description: "Go on although an applied migration's file changed or is gone.",
    commands: ["migrate", "plan", "down"],
  },
  {
    name: "allow-out-of-order",
    value: "",
    env: "",
    default: "",
    description: "Apply a pending migration that sorts before an applied one.",
    commands: ["migrate", "plan"],
  },
  {
    name: "baseline",
    value: "NAME",
    env: "",
    default: "",
    description:
      "On a database without a history, first record the migrations up to NAME as applied, without running them.",
    commands: ["migrate"],
  },
  {
    name: "history-format",
    value: "FORMAT",
    env: "",
    default: "auto",
    description: "Whose history table is kept: auto, lockkeeper or drizzle.",
    commands: SOURCE,
  },
  {
    name: "history-table",
    value: "TABLE",
    env: "",
    default: "by format",
    description:
      "The history table: lockkeeper.migration_history, or drizzle.__drizzle_migrations for a drizzle folder.",
    commands: SOURCE,
  },
  {
    name: "run-log-table",
    value: "TABLE",
    env: "",
    default: "lockkeeper.migration_run_log",
    description: "The run log. A table outside the schema lockkeeper is used, never created.",
    commands: LOGGED,
  },
  {
    name: "run-log-retention",
    value: "DURATION",
    env: "",
    default: "90d",
    description: "How long the run log keeps a run.",
    commands: RUN,
  },
  {
    name: "runner",
    value: "NAME",
    env: "DB_MIGRATE_RUNNER",
    default: "cli",
    description: "Who runs, for the run log: kubernetes-job, helm-hook, compose-migrate-job ...",
    commands: LOGGED,
  },
  {
    name: "source",
    value: "TEXT",
    env: "",
    default: "the folder",
    description: "What is migrated, for the run log: an image's reference, a commit.",
    commands: LOGGED,
  },
  {
    name: "run-id",
    value: "UUID",
    env: "",
    default: "a new one",
    description: "The run's id in the run log and in every line of the log.",
    commands: LOGGED,
  },
  {
    name: "report",
    value: "FILE",
    env: "",
    default: "",
    description: "Write the outcome there as JSON, at most 2,000 bytes: made for a container's termination message.",
    commands: LOGGED,
  },
  {
    name: "report-tag",
    value: "TEXT",
    env: "",
    default: "",
    description: "Comes back in the report as it is; at most 512 bytes.",
    commands: LOGGED,
  },
  {
    name: "url",
    value: "URL",
    env: "DEPLOY_OPS_URL",
    default: "",
    description: "Where to ask: an origin, whose /api/ops/migrations is asked, or the endpoint's whole URL.",
    commands: ["check"],
  },
  {
    name: "token-file",
    value: "FILE",
    env: "DEPLOY_OPS_TOKEN_FILE",
    default: "",
    description: "A file that holds the endpoint's token. There is no --token: every user could read it.",
    commands: ["check"],
  },
  {
    name: "lookback",
    value: "DURATION",
    env: "",
    default: "120m",
    description: "How far back to look for failures and lock timeouts, in whole minutes; 30d at most.",
    commands: ["check"],
  },
  {
    name: "strict",
    value: "",
    env: "",
    default: "",
    description: "Fail where something is critical or can't be asked, instead of warning.",
    commands: ["check"],
  },
  {
    name: "namespace",
    value: "NAME",
    env: "",
    default: "all",
    description: "Look at the databases of this namespace only.",
    commands: ["check"],
  },
  {
    name: "name",
    value: "NAME",
    env: "",
    default: "all",
    description: "Look at this one only: the DatabaseMigration's name or, without the operator, the database's.",
    commands: ["check"],
  },
  {
    name: "wait",
    value: "DURATION",
    env: "",
    default: "1m",
    description:
      "How long to ask again while a deploy settles: nobody answers yet, a run is at work, or what is critical may pass.",
    commands: ["check"],
  },
  {
    name: "notify-url-file",
    value: "FILE",
    env: "",
    default: "",
    description: "A file that holds a webhook's URL: what is critical, or can't be asked, is posted there as JSON.",
    commands: ["check"],
  },
  {
    name: "yes",
    value: "",
    env: "",
    default: "",
    description: "Do it, don't only tell.",
    commands: ["down", "unlock"],
  },
  {
    name: "json",
    value: "",
    env: "",
    default: "",
    description: "Print the result as one JSON document on standard output; the log goes to standard error.",
    commands: ALL,
  },
  { name: "help", value: "", env: "", default: "", description: "Print this help.", commands: ALL },
  { name: "version", value: "", env: "", default: "", description: "Print the version.", commands: ALL },
] as const satisfies Flag[];

export type FlagName = (typeof FLAGS)[number]["name"];
/** Flags without a value. */
export type SwitchName = Extract<(typeof FLAGS)[number], { value: "" }>["name"];
export type ValueFlagName = Exclude<FlagName, SwitchName>;
