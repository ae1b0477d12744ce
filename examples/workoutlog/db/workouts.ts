import { asc, desc, eq, inArray } from "drizzle-orm";
import { exercises, sets, users, workouts } from "../releases/2/schema.ts";
import { release } from "../release.ts";
import { database } from "./connection.ts";

const workoutColumns = {
  id: workouts.id,
  title: workouts.title,
  startedAt: workouts.startedAt,
  user: users.displayName,
  units: users.units,
};

/** The newest `limit` workouts with their sets. `effort` is what release 2 brought; release 1 can't ask for it. */
export async function recentWorkouts(limit: number) {
  const found = await selectWorkouts(limit);
  const foundSets = await database()
    .select({
      workoutId: sets.workoutId,
      position: sets.position,
      kind: sets.kind,
      exercise: exercises.name,
      reps: sets.reps,
      weightGrams: sets.weightGrams,
    })
    .from(sets)
    .innerJoin(exercises, eq(exercises.id, sets.exerciseId))
    .where(
      inArray(
        sets.workoutId,
        found.map((workout) => workout.id),
      ),
    )
    .orderBy(asc(sets.position));
  return found.map((workout) => ({ ...workout, sets: foundSets.filter((set) => set.workoutId === workout.id) }));
}

async function selectWorkouts(limit: number) {
  const joined = { user: eq(users.id, workouts.userId), newest: desc(workouts.startedAt) };
  if (release === 2) {
    return database()
      .select({ ...workoutColumns, effort: workouts.effort })
      .from(workouts)
      .innerJoin(users, joined.user)
      .orderBy(joined.newest)
      .limit(limit);
  }
  const found = await database()
    .select(workoutColumns)
    .from(workouts)
    .innerJoin(users, joined.user)
    .orderBy(joined.newest)
    .limit(limit);
  return found.map((workout) => ({ ...workout, effort: null }));
}

/** How many there are. */
export const countWorkouts = async (): Promise<number> => await database().$count(workouts);
