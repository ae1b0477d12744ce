import type { Variable } from "../environment.ts";

/** The variables that `check` reads besides its flags; `--help` and docs/cli.md are made from it. */
export const CHECK_VARIABLES = [
  {
    name: "DEPLOY_OPS_URL",
    default: "",
    description: "Where check asks: an origin, such as https://shop.example.com, or the endpoint's whole URL.",
  },
  {
    name: "DEPLOY_OPS_TOKEN",
    default: "",
    description: "The endpoint's token. Without one check says that it is skipped, and exits with 0.",
  },
  { name: "DEPLOY_OPS_TOKEN_FILE", default: "", description: "A file that holds it. Only where that isn't set." },
  {
    name: "DEPLOY_MIGRATION_ALERT_LOOKBACK_MINUTES",
    default: "120",
    description: "How far back check looks for failures and lock timeouts, in minutes. --lookback wins.",
  },
  {
    name: "DEPLOY_MIGRATION_ALERT_STRICT",
    default: "0",
    description: "1: what is critical, or can't be asked, fails the check; otherwise it warns. --strict says the same.",
  },
] as const satisfies Variable[];
