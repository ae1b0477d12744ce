CREATE TYPE "public"."muscle_group" AS ENUM('legs', 'back', 'chest', 'shoulders', 'arms', 'core');--> statement-breakpoint
CREATE TABLE "exercises" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "exercises_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"muscle_group" "muscle_group" NOT NULL,
	"bodyweight" boolean DEFAULT false NOT NULL,
	CONSTRAINT "exercises_name_unique" UNIQUE("name")
);
