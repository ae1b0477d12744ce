CREATE TABLE "plan_items" (
	"plan_id" uuid NOT NULL,
	"position" smallint NOT NULL,
	"exercise_id" integer NOT NULL,
	"target_sets" smallint NOT NULL,
	"target_reps" smallint NOT NULL,
	CONSTRAINT "plan_items_plan_id_position_pk" PRIMARY KEY("plan_id","position"),
	CONSTRAINT "plan_items_targets_positive" CHECK ("plan_items"."target_sets" > 0 and "plan_items"."target_reps" > 0)
);
--> statement-breakpoint
CREATE TABLE "plans" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" uuid NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "plan_items" ADD CONSTRAINT "plan_items_plan_id_plans_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plans"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_items" ADD CONSTRAINT "plan_items_exercise_id_exercises_id_fk" FOREIGN KEY ("exercise_id") REFERENCES "public"."exercises"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;