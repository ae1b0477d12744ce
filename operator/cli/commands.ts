/** The commands. Their order is that of the help. */
export const COMMANDS = [
  {
    name: "apply",
    operands: "",
    summary:
      "Create or change a DatabaseMigration by server-side apply; with --wait, wait for what becomes of it. One whose last release failed is tried again.",
    examples: [
      "kubectl lockkeeper apply -f migration.yaml --wait --timeout 10m",
      "helm template shop chart | kubectl lockkeeper apply -f - -n shop",
    ],
  },
  {
    name: "wait",
    operands: "NAME",
    summary:
      "Wait until the migrations are applied, tell what goes on meanwhile, and exit by what came of it. With --for-image: those of that release.",
    examples: [
      "kubectl lockkeeper wait databasemigration/web",
      "kubectl lockkeeper wait dbm/web --for-image ghcr.io/acme/web:1.4.2 --timeout 20m -n shop",
    ],
  },
] as const satisfies Command[];

export type Command = { name: string; operands: string; summary: string; examples: string[] };
export type CommandName = (typeof COMMANDS)[number]["name"];
