/** The text with at most `max` characters: the CRD bounds every string, and one that is too long loses the whole status. */
export const cut = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`;
