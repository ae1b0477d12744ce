import { refuse, show } from "./refuse.ts";
import { pathIn, showIn } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { compareNames } from "./order.ts";
import type { Found, Listing } from "./reader.ts";

/** `NAME.sql`, `NAME.up.sql` with `NAME.down.sql`, `NAME/up.sql` with `NAME/down.sql`; in the order of compareNames. */
export function listSql(folder: Folder): Listing {
  const ups = new Map<string, string>();
  const downs = new Map<string, string>();
  const warnings: string[] = [];
  const add = (to: Map<string, string>, name: string, file: string): void => {
    const other = to.get(name);
    if (other !== undefined) {
      throw refuse(
        { file: pathIn(folder, file) },
        `gives the migration ${show(name)} a second time: ${showIn(folder, other)} is it too`,
        "Remove or rename one of the two.",
      );
    }
    to.set(name, file);
  };

  for (const file of folder.files) {
    const match = /^(.+?)(?:\.(up|down))?\.sql$/.exec(file);
    if (match?.[1] !== undefined) add(match[2] === "down" ? downs : ups, match[1], file);
    else if (/\.sql$/i.test(file)) throw refuse({ file: pathIn(folder, file) }, "doesn't end in .sql", "Rename it.");
    else warnings.push(`${showIn(folder, file)} is not a migration and was left alone`);
  }
  for (const [name, inner] of folder.folders) {
    if (!inner.has("up.sql") && !inner.has("down.sql")) {
      if (name.endsWith(".sql")) throw refuse({ file: pathIn(folder, name) }, "is a folder, not a file", "Rename it.");
      warnings.push(`${showIn(folder, name)} holds no up.sql and was left alone`);
      continue;
    }
    for (const file of inner) {
      if (file === "up.sql") add(ups, name, `${name}/up.sql`);
      else if (file === "down.sql") add(downs, name, `${name}/down.sql`);
      else warnings.push(`${showIn(folder, name, file)} is not a migration and was left alone`);
    }
  }

  for (const [name, down] of downs) {
    const up = ups.get(name);
    if (up === undefined || up.endsWith("/up.sql") !== down.endsWith("/down.sql")) {
      const missing = down.endsWith("/down.sql") ? `${name}/up.sql` : `${name}.up.sql`;
      throw refuse(
        { file: pathIn(folder, down) },
        `undoes a migration that isn't there: ${showIn(folder, missing)} is missing`,
        "Bring back the file, or remove this one.",
      );
    }
  }
  const found = [...ups.keys()].toSorted(compareNames).map((name): Found => {
    const down = downs.get(name);
    return {
      name,
      kind: "sql",
      file: pathIn(folder, ups.get(name) ?? ""),
      when: null,
      downFile: down === undefined ? null : pathIn(folder, down),
    };
  });
  return { found, warnings };
}

/** Whether a folder's entry is one of the forms above: for detecting the format. The first one, for messages. */
export function firstSql(folder: Folder): string | null {
  for (const file of folder.files) if (/\.sql$/i.test(file)) return file;
  for (const [name, inner] of folder.folders) {
    for (const file of ["up.sql", "down.sql"]) if (inner.has(file)) return `${name}/${file}`;
  }
  return null;
}
