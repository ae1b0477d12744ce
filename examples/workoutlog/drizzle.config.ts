import { defineConfig } from "drizzle-kit";

/** Which release `npm run generate` works on. The first one is finished: its folder never changes again. */
const release = process.env["WORKOUTLOG_RELEASE"] ?? "2";

export default defineConfig({
  dialect: "postgresql",
  schema: `./releases/${release}/schema.ts`,
  out: `./releases/${release}/drizzle`,
});
