import { eq } from "drizzle-orm";
// Release 1's tables: an INSERT by drizzle names every column of its table, and this one must work in both releases.
import { exercises, sets, users, workouts } from "../releases/1/schema.ts";
import { database } from "./connection.ts";

export interface NewWorkout {
  email: string;
  title: string;
  /** A name from the catalogue of exercises, which migration 0004 filled. */
  exercise: string;
  reps: number;
  weightGrams: number | null;
}

/** Stores a workout of one set, and its user if new. Gives its id, or undefined for an exercise nobody knows. */
export async function logWorkout(workout: NewWorkout): Promise<string | undefined> {
  return database().transaction(async (tx) => {
    const [exercise] = await tx.select().from(exercises).where(eq(exercises.name, workout.exercise));
    if (exercise === undefined) return undefined;
    const [user] = await tx
      .insert(users)
      .values({ email: workout.email, displayName: workout.email.split("@")[0] ?? workout.email })
      .onConflictDoUpdate({ target: users.email, set: { email: workout.email } })
      .returning({ id: users.id });
    const [stored] = await tx
      .insert(workouts)
      .values({ userId: user!.id, title: workout.title, startedAt: new Date() })
      .returning({ id: workouts.id });
    await tx.insert(sets).values({
      workoutId: stored!.id,
      exerciseId: exercise.id,
      position: 1,
      reps: workout.reps,
      weightGrams: workout.weightGrams,
    });
    return stored!.id;
  });
}
