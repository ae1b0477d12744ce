/** Writes docs/openapi.json from the schemas that the ops endpoint answers by. */
import { writeFile } from "node:fs/promises";
import { openApi } from "../operator/ops/openapi.ts";

await writeFile(new URL("../docs/openapi.json", import.meta.url), `${JSON.stringify(openApi(), null, 2)}\n`);
