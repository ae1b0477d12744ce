/** The pages of a list as a client gets them that reads nothing of them but where the next one begins. */
import type { Connection } from "../../../operator/api/connect.ts";
import { exchange } from "../../../operator/api/exchange.ts";

/** As the operator's reflectors ask. */
const PAGE = 500;
/** A list's own metadata is before or after its items. */
const ENDS = 4_096;

/** Fetches the whole list. Gives how many bytes it was. */
export async function fetchList(
  connection: Connection,
  path: string,
  selector: Record<string, string>,
): Promise<number> {
  let bytes = 0;
  for (let next: string | undefined = ""; next !== undefined;) {
    const query = { ...selector, limit: PAGE, ...(next === "" ? {} : { continue: next }) };
    const call = {
      method: "GET",
      path,
      query,
      body: null,
      patch: undefined,
      signal: undefined,
      streams: false,
    } as const;
    const answer = await exchange(connection, call);
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`);
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    bytes += body.length;
    const ends = `${body.subarray(0, ENDS).toString()}\n${body.subarray(-ENDS).toString()}`;
    next = /"continue":"([^"]+)"/.exec(ends)?.[1];
  }
  return bytes;
}
