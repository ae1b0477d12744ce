/** The dashboard's HTML. It holds no data: what is shown comes by the stream, and is put in as text. */
import type { Assets } from "./assets.ts";

/** For `/` and `/migrations/...`: the script does the rest. */
export const shell = (assets: Assets): string =>
  page(
    assets,
    "Lockkeeper",
    `<script type="module" src="/assets/${assets.nameOf("page.js")}"></script>`,
    `<div id="app"></div>\n<noscript><main class="login"><h1>Lockkeeper</h1><p>This page needs JavaScript. Without it: kubectl get databasemigrations.</p></main></noscript>`,
  );

export type LoginTrouble = "" | "wrong" | "foreign";

const TROUBLE: Record<LoginTrouble, string> = {
  "": "",
  wrong: "That isn't the token.",
  foreign: "That came from another site. Try again from here.",
};

/** `to` is one of our own paths. */
export const loginPage = (assets: Assets, to: string, trouble: LoginTrouble): string =>
  page(
    assets,
    "Sign in to Lockkeeper",
    "",
    `<main class="login">
  <h1>Lockkeeper</h1>
  <p>Migrations of this cluster, as they happen.</p>
  <form method="post" action="/login">
    <input type="hidden" name="to" value="${escape(to)}">
    <input type="text" name="username" value="lockkeeper" autocomplete="username" hidden>
    <label for="token">Token</label>
    <input id="token" name="token" type="password" required maxlength="1024" autocomplete="current-password" autocapitalize="off" spellcheck="false" autofocus${
      trouble === "" ? "" : ' aria-invalid="true" aria-describedby="trouble"'
    }>
    ${trouble === "" ? "" : `<p id="trouble" class="trouble" role="alert">${escape(TROUBLE[trouble])}</p>`}
    <button type="submit">Sign in</button>
  </form>
  <p class="hint">It is in the Secret that the chart's <code>ops.tokenSecret</code> names.</p>
</main>`,
  );

/**
 * From a link on another site, as a chat, the browser brings no cookie. From here it does: so it is asked to come again.
 */
export const comeAgain = (assets: Assets, to: string): string =>
  page(
    assets,
    "Lockkeeper",
    `<meta http-equiv="refresh" content="0; url=${escape(to)}">`,
    `<main class="login"><h1>Lockkeeper</h1><p><a href="${escape(to)}">Go on</a></p></main>`,
  );

const page = (assets: Assets, title: string, head: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escape(title)}</title>
<link rel="icon" href="/assets/${assets.nameOf("icon.svg")}" type="image/svg+xml">
<script src="/assets/${assets.nameOf("theme.js")}"></script>
<link rel="stylesheet" href="/assets/${assets.nameOf("style.css")}">
${head}
</head>
<body>
${body}
</body>
</html>
`;

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
