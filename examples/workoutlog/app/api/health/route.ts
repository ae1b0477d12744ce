import { lastRun } from "../../../db/last-run.ts";
import { recentWorkouts } from "../../../db/workouts.ts";
import { release } from "../../../release.ts";

export const dynamic = "force-dynamic";

/** 200 if this release's queries work on the schema that is there, 503 if not: too old a schema, no database. */
export async function GET(): Promise<Response> {
  try {
    await Promise.all([recentWorkouts(1), lastRun()]);
    return Response.json({ status: "ok", release });
  } catch (error) {
    console.error(`health: ${error instanceof Error ? (error.cause ?? error) : error}`);
    return Response.json({ status: "unavailable", release }, { status: 503 });
  }
}
