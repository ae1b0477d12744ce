/** Which of the two pages this is. */
import { showFleet } from "./fleet.ts";
import { showResource } from "./resource.ts";

const root = document.getElementById("app");
const [, namespace = "", name = ""] = /^\/migrations\/([^/]+)\/([^/]+)$/.exec(location.pathname) ?? [];
if (root !== null) {
  if (name === "") showFleet(root);
  else showResource(root, { namespace, name });
}
