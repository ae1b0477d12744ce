CREATE TABLE "sets" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sets_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"workout_id" uuid NOT NULL,
	"exercise_id" integer NOT NULL,
	"position" smallint NOT NULL,
	"reps" smallint NOT NULL,
	"weight_grams" integer,
	CONSTRAINT "sets_workout_position_unique" UNIQUE("workout_id","position"),
	CONSTRAINT "sets_reps_positive" CHECK ("sets"."reps" > 0)
);
--> statement-breakpoint
ALTER TABLE "sets" ADD CONSTRAINT "sets_workout_id_workouts_id_fk" FOREIGN KEY ("workout_id") REFERENCES "public"."workouts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sets" ADD CONSTRAINT "sets_exercise_id_exercises_id_fk" FOREIGN KEY ("exercise_id") REFERENCES "public"."exercises"("id") ON DELETE no action ON UPDATE no action;