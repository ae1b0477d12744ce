import type { NextConfig } from "next";

const config: NextConfig = {
  output: "standalone",
  // The checkout around this folder has a lock file too; without these lines Next takes that for the app's root.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  // Loaded from node_modules at run time: the runner reads files of its own and must not be bundled.
  serverExternalPackages: ["lockkeeper", "pg"],
  images: { unoptimized: true },
};

export default config;
