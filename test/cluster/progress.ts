/** One line on stderr: stdout belongs to what a command was asked for. */
export function say(line: string): void {
  process.stderr.write(`cluster: ${line}\n`);
}

/** Says what is waited for, then every 15 s how long it has taken. */
export async function waiting<T>(what: string, work: Promise<T>): Promise<T> {
  const start = performance.now();
  const seconds = () => `${Math.round((performance.now() - start) / 1000)} s`;
  say(what);
  const timer = setInterval(() => say(`${what} (${seconds()})`), 15_000);
  try {
    const result = await work;
    say(`${what}: done in ${seconds()}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
