import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { searchPath } from "../environment.ts";
import { waiting } from "../progress.ts";
import { run } from "../run.ts";

/** A program that has to be there, and the Debian package it comes with. */
export type Needed = { program: string; package: string };

/** For any local cluster. */
export const forCertificates: Needed[] = [
  { program: "openssl", package: "openssl" },
  { program: "setpriv", package: "util-linux" },
];

/** For pods. */
export const forPods: Needed[] = [
  { program: "unshare", package: "util-linux" },
  { program: "runc", package: "runc" },
  { program: "ip", package: "iproute2" },
  { program: "nft", package: "nftables" },
  { program: "iptables", package: "iptables" }, // the bridge plugin masquerades with it
  { program: "/usr/lib/cni/bridge", package: "containernetworking-plugins" },
];

/** The packages whose programs are missing here. */
export function missing(needed: Needed[]): string[] {
  const present = (program: string) => searchPath.split(delimiter).some((folder) => existsSync(join(folder, program)));
  const lacking = needed.filter(({ program }) => !(program.startsWith("/") ? existsSync(program) : present(program)));
  return [...new Set(lacking.map((each) => each.package))];
}

/** Whether missing packages can be installed without asking anybody. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

/** Installs the missing ones as root on Debian and its kin; anywhere else throws, naming them. */
export async function install(needed: Needed[]): Promise<void> {
  const packages = missing(needed);
  if (packages.length === 0) return;
  if (!canInstall()) throw new Error(`These packages are missing, install them: ${packages.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const args = ["install", "--yes", "--no-install-recommends", ...packages];
  const work = run("apt-get", ["update"], { env }).then(async () => await run("apt-get", args, { env }));
  await waiting(`installing ${packages.join(", ")}`, work);
}
