/** The only file here that reads the environment. */
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const { env } = process;
// By the XDG convention; an empty variable is as good as none.
const cacheHome = env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
const stateHome = env["XDG_STATE_HOME"] || join(homedir(), ".local", "state");

/** Of binaries: can be deleted at any time, and is built again. */
export const cacheFolder = join(cacheHome, "lockkeeper", "cluster");

/** Of clusters that are up: a folder each, with keys, data and logs. */
export const stateFolder = join(stateHome, "lockkeeper", "clusters");

/** Root's programs lie in sbin folders, which an ordinary PATH leaves out. */
export const searchPath = [env["PATH"] ?? "", "/usr/local/sbin", "/usr/sbin", "/sbin"].join(delimiter);

/** What programs that the harness runs get. */
export const inherited: NodeJS.ProcessEnv = { ...env, PATH: searchPath };

/** A cluster that somebody names, to be tested with. */
export const named = {
  kubeconfig: env["LOCKKEEPER_TEST_KUBECONFIG"] || null,
  /** This machine's address as that cluster's pods see it. */
  hostAddress: env["LOCKKEEPER_TEST_HOST_ADDRESS"] || null,
  /** A program that brings an image to it: called with an archive's path. */
  load: env["LOCKKEEPER_TEST_LOAD"] || null,
};
