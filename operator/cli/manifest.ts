import { readFile } from "node:fs/promises";
import { API_VERSION, KIND } from "../../contract/resource/names.ts";
import { invalid } from "./failure.ts";
import type { Host } from "./host.ts";

/** A DatabaseMigration as somebody wrote it: what is sent, and nothing of what the server keeps. */
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; labels?: unknown; annotations?: unknown };
  spec: unknown;
};

/** A resource of the API server has at most 1.5 MB. */
const LARGEST = 2 * 1024 * 1024;

/** Reads the one DatabaseMigration in the file, or in standard input by `-`. Throws a CliFailure that names what is wrong. */
export async function readManifest(
  file: string,
  namespace: { asked: string | null; otherwise: string },
  host: Pick<Host, "stdin">,
): Promise<Manifest> {
  const what = file === "-" ? "standard input" : file;
  const text = file === "-" ? await host.stdin() : await readText(file);
  if (text.length > LARGEST) throw invalid(`${what} is larger than any resource may be`);
  const documents = await parse(text, what);
  const [document, second] = documents;
  if (document === undefined) throw invalid(`${what} is empty`, `It has to hold one ${KIND}.`);
  if (second !== undefined)
    throw invalid(`${what} holds ${documents.length} resources`, `It has to hold one ${KIND} alone.`);
  return manifestOf(document, what, namespace);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw invalid(`${file} can't be read (${code})`, "Look at the path and the file's rights.", error);
  }
}

/** The documents that aren't empty. JSON needs no parser of YAML, which is loaded only when it is needed. */
async function parse(text: string, what: string): Promise<unknown[]> {
  if (/^\s*\{/.test(text)) {
    try {
      return [JSON.parse(text)];
    } catch {
      // A flow mapping of YAML begins like that, too.
    }
  }
  const { parseAllDocuments } = await import("yaml");
  const parsed = parseAllDocuments(text);
  const documents = Array.isArray(parsed) ? parsed : [];
  const broken = documents.flatMap(({ errors }) => errors)[0];
  if (broken !== undefined) throw invalid(`${what} is no YAML: ${broken.message.trim()}`);
  try {
    return documents.map((document): unknown => document.toJS()).filter((value) => value !== null);
  } catch (error) {
    // Aliases that would grow without bounds.
    throw invalid(`${what} is no YAML that can be used: ${(error as Error).message}`, "", error);
  }
}

function manifestOf(document: unknown, what: string, namespace: { asked: string | null; otherwise: string }): Manifest {
  if (!isRecord(document)) throw invalid(`${what} holds no resource`, `It has to hold one ${KIND}.`);
  const { apiVersion, kind, metadata, status: _status, ...rest } = document;
  if (kind !== KIND || apiVersion !== API_VERSION) {
    const is = `${printed(kind)} of ${printed(apiVersion)}`;
    throw invalid(
      `${what} holds ${is}: only ${KIND} of ${API_VERSION} is applied`,
      "Use kubectl apply for everything else.",
    );
  }
  const { name, namespace: own, labels, annotations } = isRecord(metadata) ? metadata : {};
  if (typeof name !== "string" || name === "") throw invalid(`${what}: metadata.name is missing`);
  if (own !== undefined && (typeof own !== "string" || (namespace.asked ?? own) !== own)) {
    throw invalid(`${what} is of the namespace ${printed(own)}, and -n names ${namespace.asked ?? "none"}`);
  }
  const where = own ?? namespace.asked ?? namespace.otherwise;
  const marks = { ...(labels == null ? {} : { labels }), ...(annotations == null ? {} : { annotations }) };
  return { apiVersion, kind, metadata: { name, namespace: where, ...marks }, spec: null, ...rest };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const printed = (value: unknown): string =>
  typeof value === "string" ? value.slice(0, 100) : (JSON.stringify(value)?.slice(0, 100) ?? "nothing");
