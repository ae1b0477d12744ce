import { describe, expect, it } from "vitest";
import { COMMANDS } from "./commands.ts";
import { FLAGS } from "./flags.ts";
import { helpText } from "./help.ts";
import { parseArguments } from "./parse.ts";

const parse = (line: string) => parseArguments(line.split(" ").filter((word) => word !== ""));

describe("the command line", () => {
  it("is read with its flags, long and short", () => {
    expect(parse("wait dbm/web --for-image web:2 -n shop --timeout=90s")).toMatchObject({
      ...{ kind: "run", command: "wait", operands: ["dbm/web"] },
      values: { "for-image": "web:2", namespace: "shop", timeout: "90s" },
    });
    expect(parse("apply -f - --wait")).toMatchObject({ values: { filename: "-" }, switches: new Set(["wait"]) });
  });

  it.each([
    ["", "no command is given"],
    ["wiat web", 'there is no command "wiat"'],
    ["wait", "wait lacks its NAME"],
    ["wait web db", 'wait doesn\'t know what to do with the argument "db"'],
    ["wait web --for-img x", "there is no flag --for-img"],
    ["wait web -x", "there is no flag -x"],
    ["wait web -f x", "--filename doesn't go with wait"],
    ["wait web --timeout", "--timeout lacks its value"],
    ["wait web --timeout --for-image x", "--timeout lacks its value"],
    ["wait web -n a -n b", "--namespace is given twice"],
    ["apply -f x --wait=yes", "--wait takes no value"],
    ["wait web -- x", "wait takes nothing after --"],
    ["help nothing", 'there is no command "nothing"'],
  ])("%j is refused: %s", (line, message) => {
    expect(() => parse(line)).toThrow(expect.objectContaining({ message, exitCode: 13 }) as Error);
  });

  it("a word that was misspelt is told", () => {
    expect(() => parse("aply -f x")).toThrow(
      expect.objectContaining({ hint: "Did you mean kubectl lockkeeper apply?" }) as Error,
    );
  });

  it.each(["--help", "help", "-h"])("%s asks for the help of all, or of one command", (word) => {
    expect(parse(word)).toEqual({ kind: "help", topic: null });
    expect(parse(word === "help" ? "help wait" : `wait ${word}`)).toEqual({ kind: "help", topic: "wait" });
  });
});

it("the help of each command has all its flags and its examples", () => {
  for (const { name, examples } of COMMANDS) {
    const text = helpText(name);
    for (const example of examples) expect(text).toContain(example);
    for (const flag of FLAGS) {
      expect(text.includes(`--${flag.name} `)).toBe((flag.commands as readonly string[]).includes(name));
    }
  }
});

it("each example can be read", () => {
  for (const { examples } of COMMANDS) {
    for (const example of examples) {
      const [, own = ""] = example.split("kubectl lockkeeper ");
      expect(parse(own.replaceAll(/"[^"]*"/g, "x")).kind, example).toBe("run");
    }
  }
});
