ALTER TABLE "workouts" ADD COLUMN "effort" smallint;--> statement-breakpoint
ALTER TABLE "workouts" ADD CONSTRAINT "workouts_effort_range" CHECK ("workouts"."effort" between 1 and 10);