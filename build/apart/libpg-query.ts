// What job/apply/parse.ts imports for a file that looks as if one transaction can't hold it.
export { parse } from "libpg-query";
