import { lastRun } from "../db/last-run.ts";
import { recentWorkouts } from "../db/workouts.ts";
import { release } from "../release.ts";

export const dynamic = "force-dynamic";

export default async function Page() {
  const [workouts, run] = await Promise.all([recentWorkouts(20), lastRun()]);
  return (
    <main>
      <h1>WorkoutLog</h1>
      {workouts.length === 0 && <p>No workouts yet.</p>}
      {workouts.map((workout) => (
        <article key={workout.id}>
          <h2>{workout.title}</h2>
          <p>{`${workout.user}, ${workout.startedAt.toISOString().slice(0, 10)}`}</p>
          {release === 2 && <p>{workout.effort === null ? "Effort not rated" : `Effort ${workout.effort} of 10`}</p>}
          <ol>
            {workout.sets.map((set) => (
              <li key={set.position}>{`${set.exercise}: ${set.reps} x ${weight(set.weightGrams, workout.units)}`}</li>
            ))}
          </ol>
        </article>
      ))}
      <footer>
        <p>{`Release ${release}`}</p>
        <p>{run === undefined ? "No run on record" : `Schema ${run.version}, by ${run.runner}`}</p>
      </footer>
    </main>
  );
}

function weight(grams: number | null, units: "metric" | "imperial"): string {
  if (grams === null) return "body weight";
  return units === "metric" ? `${grams / 1000} kg` : `${Math.round(grams / 453.59237)} lb`;
}
