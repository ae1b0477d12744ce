/** Images for the example app's own chart: each has a release's migrations, and answers for its health as the app does. */
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { layerOf } from "../../images/archive.ts";
import type { Image, Layer } from "../../images/archive.ts";
import { addCp } from "../../images/cp.ts";
import { PATH, releases } from "./sources.ts";
import type { ExampleRelease } from "./sources.ts";

/** The name that the chart has, too. */
export const exampleImage = (release: ExampleRelease): string => `localhost/workoutlog:${release}`;

/** Images on top of that layer, which has Node. `folder` is for the work. */
export async function exampleImages(node: Layer, folder: string): Promise<Image[]> {
  const root = join(folder, "example");
  await build({
    ...{ entryPoints: [fileURLToPath(new URL("example-app.ts", import.meta.url))], outfile: join(root, "app/app.cjs") },
    ...{ bundle: true, platform: "node", format: "cjs", logLevel: "error", external: ["pg-native"] },
  });
  await addCp(root);
  const program = await layerOf(root, `${root}.tar`);
  const image = async (release: ExampleRelease): Promise<Image> => {
    const own = join(folder, `example-${release}`);
    await mkdir(own);
    await cp(join(releases, String(release), "drizzle"), join(own, PATH), { recursive: true });
    return {
      tag: exampleImage(release),
      layers: [node, program, await layerOf(own, `${own}.tar`)],
      config: { Env: [`WORKOUTLOG_RELEASE=${release}`], Entrypoint: ["/nodejs/bin/node", "/app/app.cjs"] },
    };
  };
  return [await image(1), await image(2)];
}
