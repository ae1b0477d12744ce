import type { Step } from "../event.ts";
import type { Location } from "../failure.ts";
import type { Bench } from "./bench.ts";
import { fileOf } from "./place.ts";
import type { Task } from "./task.ts";
import type { Unit } from "./unit.ts";

/** A file that is run statement by statement, and what it is run with. */
export type StatementFile = {
  bench: Bench;
  task: Task;
  step: Step;
  nonce: string;
  units: Unit[];
  content: Buffer;
  /** The file's own SET ROLE so far: its statements run by them, what we record doesn't. */
  roles: string[];
  /** The directive's, or null. */
  lockTimeoutMs: number | null;
};

/** Where a unit begins. */
export const locationOf = (task: Task, unit: Unit): Location => ({
  file: fileOf(task),
  line: unit.line,
  statement: unit.statement,
});
