import { z } from "zod";
import { label, objectName, ruled } from "./field.ts";

const SOURCE_KINDS = ["workload", "image", "configMap"] as const;

const ImageRef = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[a-zA-Z0-9][-a-zA-Z0-9._:/@]*$/);

/** Where the migrations are: exactly one of the three kinds. */
export const Source = ruled(
  z.object({
    workload: z
      .object({
        kind: z.enum(["Deployment"]).default("Deployment").describe("Only Deployments are followed."),
        name: objectName().describe("The Deployment's name."),
        container: label().describe("The container whose image holds the migrations. Not given: the first.").optional(),
      })
      .describe("Follow a Deployment: a run for each new image of its pod template.")
      .optional(),
    image: z
      .object({
        ref: ImageRef.describe(
          "The image that holds the migrations. Pin it by digest: a tag that is pushed again isn't noticed.",
        ),
        pullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).default("IfNotPresent").describe("When it is pulled."),
      })
      .describe("One image: a run when the reference changes.")
      .optional(),
    configMap: z
      .object({
        name: objectName().describe("The ConfigMap's name. Use immutable ones, named by a hash of their content."),
      })
      .describe("SQL files in a ConfigMap: a run when the name changes.")
      .optional(),
    path: z
      .string()
      .min(1)
      .max(512)
      .regex(/^\/[-a-zA-Z0-9._/@+]*$/)
      .describe("The folder inside the image, like /app/drizzle. Not for a ConfigMap.")
      .optional(),
    format: z.enum(["Auto", "Drizzle", "Sql", "Module"]).default("Auto").describe("How the folder is laid out."),
    copy: z
      .enum(["Auto", "ImageVolume", "InitContainer"])
      .default("Auto")
      .describe(
        "How files leave the image: mounted as a volume, or copied by an init container with the image's own cp.",
      ),
  }),
  {
    rule: "[has(self.workload), has(self.image), has(self.configMap)].filter(x, x).size() == 1",
    message: "give exactly one of workload, image and configMap",
    holds: (source) => SOURCE_KINDS.filter((kind) => source[kind] !== undefined).length === 1,
  },
  {
    rule: "has(self.configMap) || has(self.path)",
    message: "path is needed: the folder of the migrations inside the image",
    holds: ({ configMap, path }) => configMap !== undefined || path !== undefined,
  },
  {
    rule: "!has(self.configMap) || self.format != 'Module'",
    message: "modules are never run from a ConfigMap: whoever may write it could run code in the job",
    holds: ({ configMap, format }) => configMap === undefined || format !== "Module",
  },
);
export type Source = z.infer<typeof Source>;
