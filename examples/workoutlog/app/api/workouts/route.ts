import { logWorkout, type NewWorkout } from "../../../db/log-workout.ts";
import { recentWorkouts } from "../../../db/workouts.ts";

export const dynamic = "force-dynamic";

export async function GET(): Promise<Response> {
  return Response.json({ workouts: await recentWorkouts(20) });
}

export async function POST(request: Request): Promise<Response> {
  const body: unknown = await request.json().catch(() => undefined);
  if (!isNewWorkout(body)) {
    return Response.json({ error: "expected email, title, exercise, reps, weightGrams" }, { status: 400 });
  }
  const id = await logWorkout(body);
  if (id === undefined) return Response.json({ error: `no exercise is called ${body.exercise}` }, { status: 404 });
  return Response.json({ id }, { status: 201 });
}

function isNewWorkout(body: unknown): body is NewWorkout {
  if (typeof body !== "object" || body === null) return false;
  const { email, title, exercise, reps, weightGrams } = body as Record<string, unknown>;
  const texts = [email, title, exercise].every((text) => typeof text === "string" && text.trim() !== "");
  return texts && isCount(reps, 1) && (weightGrams === null || isCount(weightGrams, 0));
}

function isCount(value: unknown, least: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= 30_000_000;
}
