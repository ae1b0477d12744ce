CREATE TYPE "public"."unit_system" AS ENUM('metric', 'imperial');--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "units" "unit_system" DEFAULT 'metric' NOT NULL;--> statement-breakpoint
CREATE INDEX "sets_exercise_idx" ON "sets" USING btree ("exercise_id");