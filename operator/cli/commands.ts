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
  {
    name: "status",
    operands: "[NAME]",
    summary:
      "Tell how the resources stand; with a name, everything about one: conditions, releases, runs, who blocks, and which pods wait.",
    examples: ["kubectl lockkeeper status -A", "kubectl lockkeeper status web -n shop"],
  },
  {
    name: "retry",
    operands: "NAME",
    summary: "Try again what failed, by the annotation lockkeeper.dev/retry; with --wait, wait for what becomes of it.",
    examples: ["kubectl lockkeeper retry web --wait"],
  },
  {
    name: "open",
    operands: "POD-OR-DEPLOYMENT",
    summary:
      "For an emergency: tell which pods wait at the gate and would start without proof of their schema; with --yes, take the gate away from them. Needs no operator.",
    examples: ["kubectl lockkeeper open deployment/web", "kubectl lockkeeper open pod/web-6d4cf56db6-xk2p7 --yes"],
  },
  {
    name: "job",
    operands: "NAME -- COMMAND",
    summary:
      "Run the runner once in the cluster, with the resource's own settings, print what it says and end as it ends: plan, status, down --to NAME --yes, unlock [--yes], baseline NAME.",
    examples: ["kubectl lockkeeper job web -- plan", "kubectl lockkeeper job web -- down --to 0007_add_sets --yes"],
  },
] as const satisfies Command[];

export type Command = { name: string; operands: string; summary: string; examples: string[] };
export type CommandName = (typeof COMMANDS)[number]["name"];
