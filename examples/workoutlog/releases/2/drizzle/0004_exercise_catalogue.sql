-- Custom SQL migration file, put your code below! --
INSERT INTO "exercises" ("name", "muscle_group", "bodyweight") VALUES
	('Back squat', 'legs', false),
	('Deadlift', 'back', false),
	('Bench press', 'chest', false),
	('Overhead press', 'shoulders', false),
	('Pull-up', 'back', true),
	('Plank', 'core', true)
ON CONFLICT ("name") DO NOTHING;
