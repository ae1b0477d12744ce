CREATE TYPE "public"."set_kind" AS ENUM('warmup', 'working', 'drop');--> statement-breakpoint
ALTER TABLE "sets" ADD COLUMN "kind" "set_kind" DEFAULT 'working' NOT NULL;--> statement-breakpoint
ALTER TABLE "workouts" ADD COLUMN "plan_id" uuid;--> statement-breakpoint
ALTER TABLE "workouts" ADD CONSTRAINT "workouts_plan_id_plans_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plans"("id") ON DELETE set null ON UPDATE no action;