import { buildDashboard } from "../../build/dashboard.ts";

/** The page's files, made once: an operator that is run from source looks for them in `dist/dashboard`. */
export async function setup(): Promise<void> {
  await buildDashboard();
}
