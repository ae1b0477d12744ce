/** The example app by its own chart, as it is in the repository, with the values that a user would give. */
import { inject } from "vitest";
import { exampleChart } from "../../charts/example-chart.ts";
import { exampleImage } from "./example-images.ts";
import type { ExampleRelease } from "./sources.ts";

type Json = Record<string, unknown>;
type Place = {
  namespace: string;
  kubectl(...args: string[]): Promise<string>;
  helm(args: string[], values?: Json): Promise<string>;
};

export type ExampleApp = AsyncDisposable & {
  /** Of the chart database-migration, besides the image of the runner. */
  deploy(
    command: "install" | "upgrade",
    release: ExampleRelease,
    options?: { flags?: string[]; migration?: Json },
  ): Promise<string>;
  /** The web's pods: uid, image and phase of each. */
  pods(): Promise<string[][]>;
  /** What the web says of itself through its Service. */
  health(): Promise<unknown>;
};

const [repository = "", tag = ""] = inject("image").split(/:(?=[^:]*$)/);

/** Nothing is installed yet. */
export async function openExample({ namespace, kubectl, helm }: Place): Promise<ExampleApp> {
  const chart = await exampleChart();
  return {
    async deploy(command, release, { flags = [], migration = {} } = {}) {
      return await helm([command, "web", chart.folder, "--timeout=120s", ...flags], {
        ...{ global: { image: exampleImage(release) }, replicas: 1 },
        "database-migration": { image: { repository, tag }, timeoutSeconds: 120, ...migration },
      });
    },
    async pods() {
      const told = '{range .items[*]}{.metadata.uid} {.spec.containers[0].image} {.status.phase}{"\\n"}{end}';
      const selector = "--selector=app.kubernetes.io/name=workoutlog";
      const listed = await kubectl("get", "pods", selector, `--output=jsonpath=${told}`);
      return listed
        .trim()
        .split("\n")
        .map((line) => line.split(" "));
    },
    async health() {
      const service = `/api/v1/namespaces/${namespace}/services/web:http/proxy/api/health`;
      return JSON.parse(await kubectl("get", "--raw", service)) as unknown;
    },
    [Symbol.asyncDispose]: async () => await chart[Symbol.asyncDispose](),
  };
}
