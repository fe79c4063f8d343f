import { describe, expect, test } from "vitest";
import { commandIn, HOSTILE, UNSEEN } from "./hostile.ts";
import { runStep, type Step } from "./step.ts";

/** Runs `body` with a `log` that writes to the step's output. */
function logged(body: string): Promise<Step> {
  return runStep(`
    import { createActionsLog } from "SRCreport/actions-log.ts";
    import { systemClock } from "SRCclock.ts";
    const log = createActionsLog(systemClock);
    ${body}
  `);
}

const commands = ({ lines }: Step): (string | null)[] => lines.map(commandIn).filter((command) => command !== null);

describe("lines", () => {
  test("appear at once, and hold no command of somebody else's", async () => {
    const texts = JSON.stringify(HOSTILE.map((text) => `${text}`));
    const step = await logged(`for (const text of ${texts}) log.info(text);`);
    expect(step.lines).toHaveLength(HOSTILE.length);
    expect(commands(step)).toEqual([]);
    for (const line of step.lines) expect(line).not.toMatch(UNSEEN);
    expect(step.exitCode).toBe(0);
  });

  test("stand in their group; a group in a group is a line; a failure closes it", async () => {
    const step = await logged(`
      await log.group("outer\\n::error::x", async () => {
        await log.group("inner", async () => log.info("work"));
      });
      await log.group("fails", async () => { throw new Error("no"); }).catch(() => log.info("caught"));
    `);
    expect(step.lines).toEqual([
      "::group::outer : :error: :x",
      "inner",
      "work",
      "::endgroup::",
      "::group::fails",
      "::endgroup::",
      "caught",
    ]);
  });

  test("hide a secret even where escaping would part it", async () => {
    const step = await logged(`log.mask("pass::word"); log.mask(""); log.info("it is pass::word");`);
    expect(step.lines).toEqual(["::add-mask::pass::word", "::add-mask::pass%253A%253Aword", "it is ***"]);
  });

  test.each([
    ["as it is", 'a b/"c', 'a b/"c'],
    ["in a URL's query", 'a b/"c', "a%20b%2F%22c"],
    ["in a URL's path", 'a b/"c', "a%20b/%22c"],
    ["in JSON", 'a b/"c', 'a b/\\"c'],
    ["beside one that it begins with", "abc", "abc"],
    ["that no URL can hold", "a\ud800b", "a\ud800b"],
  ])("hide a secret %s, in the log and past it", async (_title, secret, shown) => {
    const [mask, text] = [secret, `<${shown}>`].map((each) => JSON.stringify(each));
    const step = await logged(`log.mask("ab"); log.mask(${mask}); log.info(${text}); log.info(log.hide(${text}));`);
    expect(step.lines.filter((line) => !line.startsWith("::add-mask::"))).toEqual(["<***>", "<***>"]);
  });

  test("tell the progress of long work", async () => {
    const step = await logged(`
      let now = 0;
      const far = createActionsLog({ now: () => now, random: () => 0, sleep: async () => {} });
      const count = far.progress("manifests deleted", 4);
      count(); now = 12_000; count();
    `);
    expect(step.lines).toEqual(["2 of 4 manifests deleted (50 %), 10/min, 12 s left"]);
  });
});

describe("annotations", () => {
  test("of one kind are one, with the number of the others, and the step fails", async () => {
    const step = await logged(`
      for (const n of [1, 2, 3]) log.error("deletion", "deletion " + n);
      log.error("listing", "page 3");
      log.flush();
      log.flush();
    `);
    expect(step.lines).toEqual([
      "Error: deletion 1",
      "Error: deletion 2",
      "Error: deletion 3",
      "Error: page 3",
      "::error title=Refsweep%3A Deletions failed::deletion 1%0A… and 2 more: see the summary and the log.",
      "::error title=Refsweep%3A Something could not be read whole::page 3",
    ]);
    expect(step.exitCode).toBe(1);
  });

  test("that warn fail nothing", async () => {
    const step = await logged(`log.warn("x", "careful"); log.flush();`);
    expect(step).toEqual({ lines: ["Warning: careful", "::warning title=Refsweep::careful"], exitCode: 0 });
  });

  test("an error fails the step though nothing flushes it", async () => {
    expect((await logged(`log.error("input", "bad");`)).exitCode).toBe(1);
  });

  test("are at most the 10 that the runner shows, the last with the number of those behind it", async () => {
    const step = await logged(`for (let n = 0; n < 25; n += 1) log.warn("kind " + n, "text " + n); log.flush();`);
    const shown = step.lines.filter((line) => line.startsWith("::warning"));
    expect(shown).toHaveLength(10);
    expect(shown[9]).toBe("::warning title=Refsweep::text 9%0A… and 15 more: see the summary and the log.");
  });

  test("hold at most 4,096 characters and no command, whatever they say", async () => {
    const step = await logged(`
      log.error("listing", ${JSON.stringify(HOSTILE.join("\n"))});
      log.error("listing", "again");
      log.flush();
    `);
    const [line = ""] = step.lines.filter((one) => one.startsWith("::error "));
    const message = line
      .slice(line.indexOf("::", 2) + 2)
      .replaceAll("%0A", "\n")
      .replaceAll("%25", "%");
    expect(message.length).toBeLessThanOrEqual(4_096);
    expect(message).toMatch(/and 1 more/);
    expect(
      message
        .split("\n")
        .map(commandIn)
        .filter((command) => command !== null),
    ).toEqual([]);
  });
});
