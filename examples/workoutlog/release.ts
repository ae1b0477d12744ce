/**
 * Which release of the app this process is. Both are one build, so that an image of release 2 differs from one of
 * release 1 by this variable and its drizzle folder alone. In a repository of your own each release is a commit.
 */
export const release: 1 | 2 = process.env.WORKOUTLOG_RELEASE === "1" ? 1 : 2;

/** The release's drizzle folder, absolute or from the working directory. */
export const migrationsDir = process.env.WORKOUTLOG_MIGRATIONS ?? `releases/${release}/drizzle`;

/** Where Lockkeeper logs its runs: a table that the app's own migration 0010 makes. */
export const runLogTable = "public.migration_run_log";
