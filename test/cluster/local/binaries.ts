/** The programs of a local cluster: built from pinned Go modules at first use, kept outside the checkout. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exclusive } from "../exclusive.ts";
import { cacheFolder } from "../environment.ts";
import { waiting } from "../progress.ts";
import { run } from "../run.ts";

const tools = {
  kubernetes: {
    packages: [".", "./pause"],
    sources: ["main.go", "pause/main.go"],
    version: "k8s.io/component-base/version.gitVersion",
    of: "k8s.io/kubernetes",
  },
  containerd: {
    packages: ["containerd", "containerd-shim-runc-v2", "ctr"].map(
      (name) => `github.com/containerd/containerd/v2/cmd/${name}`,
    ),
    sources: [],
    version: "github.com/containerd/containerd/v2/version.Version",
    of: "github.com/containerd/containerd/v2",
  },
  coredns: { packages: ["github.com/coredns/coredns"], sources: [], version: "", of: "github.com/coredns/coredns" },
  helm3: {
    packages: ["helm.sh/helm/v3/cmd/helm"],
    sources: [],
    version: "helm.sh/helm/v3/internal/version.version",
    of: "helm.sh/helm/v3",
  },
  helm4: {
    packages: ["helm.sh/helm/v4/cmd/helm"],
    sources: [],
    version: "helm.sh/helm/v4/internal/version.version",
    of: "helm.sh/helm/v4",
  },
  charts: {
    packages: [
      "./gitops",
      "github.com/yannh/kubeconform/cmd/kubeconform",
      "github.com/helm-unittest/helm-unittest/cmd/helm-unittest",
    ],
    sources: ["gitops/main.go"],
    version: "",
    of: "github.com/yannh/kubeconform",
  },
  kubescore: {
    packages: ["github.com/zegl/kube-score/cmd/kube-score"],
    sources: [],
    version: "",
    of: "github.com/zegl/kube-score",
  },
  kind: { packages: ["sigs.k8s.io/kind"], sources: [], version: "", of: "sigs.k8s.io/kind" },
  actionlint: {
    packages: ["github.com/rhysd/actionlint/cmd/actionlint"],
    sources: [],
    version: "",
    of: "github.com/rhysd/actionlint",
  },
  compose: {
    packages: ["."],
    sources: ["main.go"],
    version: "",
    of: "github.com/compose-spec/compose-go/v2",
  },
} satisfies Record<string, { packages: string[]; sources: string[]; version: string; of: string }>;

export type Tool = keyof typeof tools;

/** The folder of a tool's programs. Builds them if the cache lacks them: minutes on the first use, with progress. */
export async function programs(tool: Tool): Promise<string> {
  const module = fileURLToPath(new URL(`go/${tool}`, import.meta.url));
  const { packages, sources, version, of } = tools[tool];
  const go = await goVersion();
  const hash = createHash("sha256").update(`${go}\n${packages.join("\n")}\n${version}\n`);
  for (const file of ["go.mod", "go.sum", ...sources]) hash.update(await readFile(join(module, file)));
  const folder = join(cacheFolder, `${tool}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(folder)) return folder;

  await using _lock = await exclusive(`build-${tool}`, `it builds ${tool}`);
  if (existsSync(folder)) return folder; // the one we waited for built it
  const modules = await readFile(join(module, "go.mod"), "utf8");
  const pinned =
    modules
      .split("\n")
      .find((line) => line.includes(`${of} v`))
      ?.match(/ (v\S+)/)?.[1] ?? "";
  const flags = `-s -w${version === "" ? "" : ` -X ${version}=${pinned}`}`;
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    const args = [
      "build",
      "-trimpath",
      "-buildvcs=false",
      "-mod=readonly",
      `-ldflags=${flags}`,
      "-o",
      unfinished + "/",
    ];
    const env = { CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "" };
    await waiting(
      `building ${tool} ${pinned} for the first time`,
      run("go", [...args, ...packages], { cwd: module, env }),
    );
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/** Throws if Go is missing or too old to fetch the one that go.mod asks for. */
async function goVersion(): Promise<string> {
  const line = await run("go", ["version"]).catch((cause: unknown) => {
    throw new Error("A local cluster is built with Go, and there is none here: install Go 1.26, or start Docker.", {
      cause,
    });
  });
  const [, major = "0", minor = "0"] = line.match(/go(\d+)\.(\d+)/) ?? [];
  // From 1.21 on, Go fetches the version that go.mod asks for.
  if (Number(major) === 1 && Number(minor) < 21) {
    throw new Error(`A local cluster is built with Go 1.26, and here is ${line.trim()}: install it, or start Docker.`);
  }
  return line.trim();
}
