// What job/apply/run-tasks.ts imports when there is something to apply.
export { MigrationError, Umzug } from "umzug";
