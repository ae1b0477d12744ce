import { countWorkouts } from "../../db/workouts.ts";
import { Migrations } from "./migrations.tsx";

export const dynamic = "force-dynamic";

export default async function Stats() {
  return (
    <main>
      <h1>Stats</h1>
      <p>{`${await countWorkouts()} workouts`}</p>
      <h2>Migrations</h2>
      <Migrations />
    </main>
  );
}
