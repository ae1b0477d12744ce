-- Custom SQL migration file, put your code below! --
-- Before sets had a kind, people logged the empty bar (20 kg) as their first set: that was warming up.
UPDATE "sets" SET "kind" = 'warmup' WHERE "position" = 1 AND "weight_grams" <= 20000;
--> statement-breakpoint
UPDATE "workouts" SET "title" = 'Workout' WHERE btrim("title") = '';
