/** The commands. Their order is that of the help. */
export const COMMANDS = [
  {
    name: "migrate",
    operand: "",
    summary: "Apply what is pending, once, under the lock, and log the run.",
    examples: ["lockkeeper migrate --dir drizzle", "lockkeeper migrate --dir migrations --lock-timeout 2s --json"],
  },
  {
    name: "status",
    operand: "",
    summary: "Tell what is applied, pending and changed, who holds the lock, and the last runs.",
    examples: ["lockkeeper status --dir drizzle", "lockkeeper status --dir drizzle --json | jq .pending"],
  },
  {
    name: "plan",
    operand: "",
    summary: "Print the SQL that migrate would run, in order. Changes nothing.",
    examples: ["lockkeeper plan --dir drizzle", "lockkeeper plan --dir drizzle --to 0007_add_sets > review.sql"],
  },
  {
    name: "down",
    operand: "",
    summary: "Undo what was applied after NAME, the newest first, by the down files. NAME stays; --to 0 undoes all.",
    examples: ["lockkeeper down --dir migrations --to 0007_add_sets --yes"],
  },
  {
    name: "baseline",
    operand: "NAME",
    summary:
      "Record the migrations up to NAME as applied, without running them: the schema is there, its history isn't.",
    examples: ["lockkeeper baseline 0007_add_sets --dir drizzle"],
  },
  {
    name: "unlock",
    operand: "",
    summary: "Tell who holds the lock and how to end it; with --yes, end it and wait until the lock is free.",
    examples: ["lockkeeper unlock", "lockkeeper unlock --yes"],
  },
  {
    name: "check",
    operand: "",
    summary:
      "Ask the ops endpoint after a deploy whether all migrations are well, and warn or, with --strict, fail. Needs no database.",
    examples: [
      "lockkeeper check --url https://shop.example.com --token-file /run/secrets/ops-token",
      "lockkeeper check --strict --wait 5m --namespace shop --name web",
      "lockkeeper check --wait 0 --notify-url-file /run/secrets/webhook --json",
    ],
  },
] as const satisfies Command[];

export type Command = { name: string; operand: string; summary: string; examples: string[] };
export type CommandName = (typeof COMMANDS)[number]["name"];
