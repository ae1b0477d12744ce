import { EXIT } from "../../contract/exit-code.ts";
import { Failure } from "../failure.ts";
import type { FailureDetails } from "../failure.ts";
import { lineOfByte } from "./position.ts";
import type { ParsedStatement } from "./parse.ts";
import type { Proof, Unit } from "./unit.ts";

/**
 * The units of a file in statement mode. Each statement is one, but what stands between the file's own BEGIN and COMMIT
 * stays together. A file whose first control statement is a COMMIT was written for a tool that opens a transaction around
 * it (drizzle's migrator does): what stands before that COMMIT stays together too.
 */
export function divide(statements: ParsedStatement[], content: Uint8Array, file: string): Unit[] {
  const units: Unit[] = [];
  const control = statements.map((statement) => controlOf(statement, content, file));
  let open = control.find((kind) => kind !== null) === "end";
  let group: ParsedStatement[] = [];
  const closeGroup = (): void => {
    const [first, last] = [group[0], group.at(-1)];
    if (first !== undefined && last !== undefined)
      units.push({
        ...unitOf("transaction", first, last, content),
        single: false,
        proof: { by: "nothing", partial: false },
      });
    group = [];
  };
  for (const [i, statement] of statements.entries()) {
    const kind = control[i] ?? null;
    if (kind === "begin") {
      open = true;
    } else if (kind === "end") {
      closeGroup();
      open = false;
    } else if (open) {
      group.push(statement);
    } else {
      units.push(unitOf(kindOf(statement), statement, statement, content));
    }
  }
  closeGroup();
  return units;
}

function unitOf(kind: Unit["kind"], first: ParsedStatement, last: ParsedStatement, content: Uint8Array): Unit {
  return {
    kind,
    from: first.from,
    to: last.to,
    statement: first.number,
    line: lineOfByte(content, first.from),
    single: true,
    proof: proofOf(first),
  };
}

/** `begin`, `end` or null; what Lockkeeper can't do safely is refused. */
function controlOf(statement: ParsedStatement, content: Uint8Array, file: string): "begin" | "end" | null {
  if (statement.type !== "TransactionStmt") return null;
  const node = statement.node as { kind?: string; options?: unknown[]; chain?: boolean };
  switch (node.kind) {
    case "TRANS_STMT_BEGIN":
    case "TRANS_STMT_START":
      if (node.options !== undefined)
        throw refuse(statement, content, file, "BEGIN with options", "Leave the options out.");
      return "begin";
    case "TRANS_STMT_COMMIT":
      if (node.chain === true)
        throw refuse(statement, content, file, "COMMIT AND CHAIN", "Write COMMIT; BEGIN; instead.");
      return "end";
    case "TRANS_STMT_SAVEPOINT":
    case "TRANS_STMT_RELEASE":
    case "TRANS_STMT_ROLLBACK_TO":
      return null;
    default:
      throw refuse(
        statement,
        content,
        file,
        node.kind === "TRANS_STMT_ROLLBACK" ? "ROLLBACK" : "PREPARE TRANSACTION or its like",
        "A migration is applied whole or not at all: remove the statement.",
      );
  }
}

/** A refusal of one statement, before the file is run. */
export function refuse(
  statement: ParsedStatement,
  content: Uint8Array,
  file: string,
  what: string,
  hint: string,
): Failure {
  const details: FailureDetails = {
    hint,
    location: { file, line: lineOfByte(content, statement.from), statement: statement.number },
  };
  return new Failure("UNSUPPORTED_STATEMENT", EXIT.invalidInput, `${what} can't be run in a migration`, details);
}

/** Statements that certainly refuse a transaction. Others are tried in one: the server is the judge (25001). */
export function refusesTransaction(statement: ParsedStatement): boolean {
  const node = statement.node as { concurrent?: boolean; is_vacuumcmd?: boolean; params?: unknown; cmds?: unknown };
  switch (statement.type) {
    case "IndexStmt":
    case "DropStmt":
      return node.concurrent === true;
    case "VacuumStmt":
      return node.is_vacuumcmd === true;
    case "ReindexStmt":
    case "AlterTableStmt":
      return /concurrent/i.test(JSON.stringify(node.params ?? node.cmds ?? null));
    case "AlterSystemStmt":
      return true;
    default:
      return false;
  }
}

function kindOf(statement: ParsedStatement): Unit["kind"] {
  if (statement.type === "VariableSetStmt") return "setting";
  return refusesTransaction(statement) ? "alone" : "transaction";
}

/** How an unfinished run of the statement is judged. */
function proofOf(statement: ParsedStatement): Proof {
  switch (statement.type) {
    case "IndexStmt": {
      const node = statement.node as { idxname?: string; relation?: { schemaname?: string; relname?: string } };
      if (node.idxname === undefined || node.relation?.relname === undefined) return { by: "nothing", partial: true };
      return {
        by: "index",
        schema: node.relation.schemaname ?? null,
        table: node.relation.relname,
        name: node.idxname,
      };
    }
    case "DropStmt": {
      const names = namesOf((statement.node as { objects?: unknown[] }).objects?.[0]);
      const name = names.at(-1);
      return name === undefined
        ? { by: "nothing", partial: true }
        : { by: "dropped-index", schema: names.at(-2) ?? null, name };
    }
    case "VacuumStmt":
    case "ReindexStmt":
    case "AlterSystemStmt":
    case "ClusterStmt":
      return { by: "repetition" };
    case "CallStmt":
    case "DoStmt":
    case "AlterTableStmt":
      return { by: "nothing", partial: true };
    default:
      return { by: "nothing", partial: false };
  }
}

function namesOf(object: unknown): string[] {
  const items = (object as { List?: { items?: { String?: { sval?: string } }[] } } | undefined)?.List?.items ?? [];
  return items.map((item) => item.String?.sval).filter((name): name is string => name !== undefined);
}
