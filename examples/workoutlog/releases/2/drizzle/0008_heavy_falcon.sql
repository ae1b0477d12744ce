CREATE TABLE "body_weights" (
	"user_id" uuid NOT NULL,
	"measured_on" date NOT NULL,
	"weight_grams" integer NOT NULL,
	CONSTRAINT "body_weights_user_id_measured_on_pk" PRIMARY KEY("user_id","measured_on"),
	CONSTRAINT "body_weights_weight_positive" CHECK ("body_weights"."weight_grams" > 0)
);
--> statement-breakpoint
ALTER TABLE "body_weights" ADD CONSTRAINT "body_weights_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;