/** What stands where a secret was. */
export const REDACTED = "[redacted]";

/** A secret this long is replaced wherever it is found. */
const ANYWHERE = 8;
/** From this length on it is replaced where it stands as a whole word, so that `pass` leaves `passed` alone. */
const WHOLE_WORD = 4;

const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i;
/** A password with an unescaped slash: what a person meant, though no parser reads it so. */
const LOOSE_AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/(.*)@/is;
const PASSWORD_PARAMETER = /[?&](?:ssl|pg)?password=([^&#]*)/gi;

/** `USER:PASSWORD@` in capitals is what a hint shows as the form of a URL. */
const URL_PASSWORD = /\b([A-Za-z][A-Za-z0-9+.-]{1,30}:\/\/[^\s:@/?#]{0,256}):(?!PASSWORD@)[^\s/?#]{1,1024}@/g;
const LOOSE_URL_PASSWORD =
  /\b([Pp]ostgres(?:ql)?:\/\/[^\s:@/?#]{0,256}):(?!\[redacted\]@|PASSWORD@)[^\s"'<>]{1,1024}@/g;
/** What each of the patterns above and below needs: most texts have none of it, and are looked at once. */
const SUSPECT = /:\/\/|password/i;
const ASSIGNED_PASSWORD =
  /((?:ssl|pg)?password["']?\s{0,4}(?:[=:]\s{0,4}|(?=')))("(?:[^"\\]|\\.){1,1024}"|'(?:[^'\\]|\\.|''){1,1024}'|[^\s"'&,;)}]{1,1024})/gi;

/**
 * Every way in which a connection string's password may turn up in a text: as written, decoded, URL-encoded, escaped as
 * in JSON, in base64, alone and as `user:password`. None where it has no password. Never throws: a URL that can't be
 * parsed has a password too.
 */
export function secretsOf(url: string): string[] {
  const found = new Set<string>();
  for (const pattern of [AUTHORITY, LOOSE_AUTHORITY]) {
    const userinfo = pattern.exec(url)?.[1];
    const colon = userinfo?.indexOf(":") ?? -1;
    if (userinfo === undefined || colon < 0) continue;
    addForms(found, userinfo.slice(colon + 1), userinfo.slice(0, colon));
  }
  for (const match of url.matchAll(PASSWORD_PARAMETER)) addForms(found, match[1] ?? "", null);
  return [...found];
}

/** A secret that is no URL, such as a token, in every way in which it may turn up in a text. */
export const formsOf = (secret: string): string[] => [...new Set([secret, ...encodings(secret)])];

function addForms(found: Set<string>, raw: string, rawUser: string | null): void {
  if (raw === "") return;
  const password = decoded(raw);
  for (const form of [raw, password, ...encodings(password)]) found.add(form);
  if (rawUser === null || rawUser === "") return;
  const pair = `${decoded(rawUser)}:${password}`;
  for (const form of [`${rawUser}:${raw}`, pair, ...encodings(pair)]) found.add(form);
}

/** base64 without its padding: then it is found with it too. */
function encodings(secret: string): string[] {
  const percent = encodeURIComponent(secret.toWellFormed());
  const bytes = Buffer.from(secret);
  return [
    percent,
    percent.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
  ];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The text without the secrets (from `secretsOf`) and without the password of any `scheme://user:password@` or
 * `password=...` in it. The rule for short ones: 8 characters or more are replaced anywhere, 4 to 7 as a whole word,
 * fewer only in such a pattern. Replacing every "a" would ruin the text, and the gaps would tell the password.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const pattern = patternOf(secrets);
  const known = pattern === null ? text : text.replaceAll(pattern, REDACTED);
  if (!SUSPECT.test(known)) return known;
  return known
    .replaceAll(URL_PASSWORD, `$1:${REDACTED}@`)
    .replaceAll(LOOSE_URL_PASSWORD, `$1:${REDACTED}@`)
    .replaceAll(ASSIGNED_PASSWORD, `$1${REDACTED}`);
}

/** By the list itself: a run asks with the same one for every name in its row. */
const patterns = new WeakMap<readonly string[], RegExp | null>();

function patternOf(secrets: readonly string[]): RegExp | null {
  if (secrets.length === 0) return null;
  const known = patterns.get(secrets);
  if (known !== undefined) return known;
  const pattern = makePattern(secrets);
  patterns.set(secrets, pattern);
  return pattern;
}

/** One pattern for all, longest first: a secret that contains another one goes as a whole. */
function makePattern(secrets: readonly string[]): RegExp | null {
  const alternatives = [...new Set(secrets)]
    .filter((secret) => secret.length >= WHOLE_WORD)
    .toSorted((a, b) => b.length - a.length)
    .map((secret) => {
      const literal = secret.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
      return secret.length >= ANYWHERE ? literal : String.raw`(?<![\p{L}\p{N}_])${literal}(?![\p{L}\p{N}_])`;
    });
  return alternatives.length === 0 ? null : new RegExp(alternatives.join("|"), "gu");
}
