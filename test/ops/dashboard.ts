/** The queries of the Grafana dashboard, as Grafana would send them. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const FILE = fileURLToPath(new URL("../../charts/lockkeeper/files/grafana-dashboard.json", import.meta.url));

type Target = { expr: string; refId: string; instant?: boolean };
type Panel = {
  id: number;
  title: string;
  type: string;
  targets?: Target[];
  gridPos: Record<"x" | "y" | "w" | "h", number>;
};
type Variable = { name: string; type: string; definition?: string; allValue?: string };
export type Dashboard = { uid: string; panels: Panel[]; templating: { list: Variable[] } };

export const readDashboard = async (): Promise<Dashboard> => JSON.parse(await readFile(FILE, "utf8")) as Dashboard;

export type DashboardQuery = { panel: string; expr: string; instant: boolean };

/** All of them, with "All" chosen in each variable, and the interval that Grafana would put in place of its own names. */
export function queriesOf({ panels, templating }: Dashboard, interval: string): DashboardQuery[] {
  const known: Record<string, string> = { __rate_interval: interval };
  for (const { name, allValue } of templating.list) if (allValue !== undefined) known[name] = allValue;
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, refId, instant = false }) => ({
      panel: `${title} ${refId}`,
      expr: expr.replaceAll(/\$(\w+)/g, (_, name: string) => {
        const value = known[name];
        if (value === undefined) throw new Error(`${title}: there is no variable ${name}`);
        return value;
      }),
      instant,
    })),
  );
}
