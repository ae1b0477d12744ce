import { EXIT } from "./exit-code.ts";
import { VARIABLES, flagOf } from "./settings-table.ts";
import type { Variable } from "./settings-table.ts";

/** What each exit code means, for people. */
export const EXIT_CODES = [
  [EXIT.stopped, "it was told to stop by SIGTERM or SIGINT, and has"],
  [EXIT.bug, "a bug in Lockkeeper"],
  [EXIT.leaseLost, "the lease was lost: another replica may lead"],
  [EXIT.misconfigured, "a setting, the CRD or a right is missing or wrong; the last line of the log names it"],
] as const;

/** What `--help` prints. */
export const helpText = (): string =>
  [
    "lockkeeper-operator: runs the migrations of DatabaseMigration resources, and tells of them in their status.",
    "",
    "Usage: lockkeeper-operator [FLAGS]",
    "",
    "Each flag has its variable; a flag wins.",
    "",
    ...VARIABLES.flatMap((variable: (typeof VARIABLES)[number]) => [
      `  --${flagOf(variable.name)} ${variable.value}   [${variable.name}]`,
      `      ${variable.description}${defaultText(variable)}`,
    ]),
    "  -h, --help",
    "  --version",
    "",
    "Exit codes",
    ...EXIT_CODES.map(([code, meaning]) => `  ${String(code).padEnd(4)}${meaning}`),
    "",
  ].join("\n");

const defaultText = (variable: Variable): string => (variable.default === "" ? "" : ` Default: ${variable.default}.`);
