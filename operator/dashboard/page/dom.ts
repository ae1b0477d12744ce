/** Elements by hand. Text only ever becomes text: nothing here, and nothing that calls it, reads markup. */

type Child = Node | string | null;

/** An element with attributes and children; null is left out. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | null> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Touches the page only where something differs. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** A text for those who hear the page instead of seeing it. */
export const spoken = (text: string): HTMLElement => el("span", { class: "spoken" }, text);
