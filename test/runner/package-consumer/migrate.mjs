// A user's script: brings the database up to date and says what came of it, as one line of JSON.
import { migrate } from "lockkeeper";

try {
  const { status, applied, versionAfter } = await migrate({ dir: process.argv[2], runLogTable: process.argv[3] });
  console.log(JSON.stringify({ status, applied: applied.length, versionAfter }));
} catch (error) {
  console.log(JSON.stringify({ isError: error instanceof Error, code: error.code, message: error.message }));
  process.exitCode = 1;
}
