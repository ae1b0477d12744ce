import { firstDrizzleFolder, listDrizzleFolders } from "./drizzle-folder.ts";
import { pathIn, showIn } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { readText } from "./inspect.ts";
import { parseJournal } from "./journal.ts";
import { refuse, show } from "./refuse.ts";
import type { Found, Listing } from "./reader.ts";

/** A drizzle folder with a journal (0.x), or with a folder for each migration (1.0). Both at once contradict each other. */
export async function listDrizzle(folder: Folder): Promise<Listing> {
  if (!hasJournal(folder)) return listDrizzleFolders(folder);
  const first = firstDrizzleFolder(folder);
  if (first !== null) {
    throw refuse(
      { file: pathIn(folder, first) },
      `is a migration of drizzle 1.0, but ${showIn(folder, "meta", "_journal.json")} is a journal of drizzle 0.x`,
      "Finish the upgrade with `drizzle-kit up` and remove meta/, or remove the folders of the newer form.",
    );
  }
  return listJournal(folder);
}

export const hasJournal = (folder: Folder): boolean => folder.folders.get("meta")?.has("_journal.json") === true;

async function listJournal(folder: Folder): Promise<Listing> {
  const journal = pathIn(folder, "meta", "_journal.json");
  const entries = parseJournal(await readText(journal), journal);
  const named = new Set<string>();
  const found = entries.map(({ tag, when, line }): Found => {
    const file = `${tag}.sql`;
    if (!folder.files.has(file)) {
      throw refuse(
        { file: journal, line },
        folder.folders.has(file)
          ? `names the migration ${show(tag)}, but ${showIn(folder, file)} is a folder`
          : `names the migration ${show(tag)}, but ${showIn(folder, file)} is missing`,
        "Bring back the file from the commit that made it, or remove the journal's entry if it was never applied.",
      );
    }
    named.add(file);
    return { name: tag, kind: "sql", file: pathIn(folder, file), when, downFile: null };
  });
  const orphans = [...folder.files].filter((file) => file.endsWith(".sql") && !named.has(file));
  for (const [name, inner] of folder.folders) if (inner.has("up.sql")) orphans.push(`${name}/up.sql`);
  return {
    found,
    warnings: orphans.map((file) => `${showIn(folder, file)} is in no entry of the journal and is never applied`),
  };
}
