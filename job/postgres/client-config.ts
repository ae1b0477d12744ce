import type { ClientConfig } from "pg";
import { invalidInput } from "../failure.ts";
import type { ConnectionSettings } from "../settings.ts";

const TLS_PARAMETERS = ["sslmode", "ssl", "sslrootcert", "sslcert", "sslkey", "uselibpqcompat"];

/**
 * What `pg` needs to connect. With a CA of our own the URL's TLS parameters are replaced by a verified connection: `pg`
 * lets those of the URL win over an option, which would drop the CA in silence.
 */
export function clientConfig(settings: ConnectionSettings): ClientConfig {
  const common: ClientConfig = {
    application_name: settings.applicationName,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
  if (settings.ca === null) return { ...common, connectionString: settings.url };
  const url = parseUrl(settings.url);
  const mode = url.searchParams.get("sslmode");
  if (mode === "disable") {
    throw invalidInput("the URL says sslmode=disable, and a CA file is given", {
      hint: "Remove one of the two: a CA is only used over TLS.",
    });
  }
  if (url.searchParams.has("sslcert") || url.searchParams.has("sslkey")) {
    throw invalidInput("a CA file doesn't go with sslcert and sslkey in the URL", {
      hint: "Name the CA in the URL too, as sslrootcert, and leave the CA file out.",
    });
  }
  for (const name of TLS_PARAMETERS) url.searchParams.delete(name);
  return {
    ...common,
    connectionString: url.href,
    ssl: {
      ca: settings.ca,
      rejectUnauthorized: true,
      ...(mode === "verify-ca" ? { checkServerIdentity: () => undefined } : {}),
    },
  };
}

/** The URL, or a failure that doesn't repeat it: it holds a password. */
function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw invalidInput("the connection URL can't be read", {
      hint: "It looks like postgres://USER:PASSWORD@HOST:5432/DATABASE; special characters in it are %-encoded.",
    });
  }
}
