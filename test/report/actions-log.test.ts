import { describe, expect, test } from "vitest";
import { type CapturedLog, captureLog } from "./capture-log.ts";
import { commandIn, HOSTILE, UNSEEN } from "./hostile.ts";

const commands = ({ lines }: CapturedLog): (string | null)[] =>
  lines.map(commandIn).filter((command) => command !== null);

describe("lines", () => {
  test("are written at once and contain no command from outside", async () => {
    const step = await captureLog((log) => {
      for (const text of HOSTILE) log.info(text);
    });
    expect(step.lines).toHaveLength(HOSTILE.length);
    expect(commands(step)).toEqual([]);
    for (const line of step.lines) expect(line).not.toMatch(UNSEEN);
    expect(step.failed).toBe(false);
  });

  test("are grouped, without a command from outside", async () => {
    const step = await captureLog((log) => log.group("outer\n::error::x", ["work", "::endgroup::"]));
    expect(step.lines).toEqual(["::group::outer : :error: :x", "work", ": :endgroup: :", "::endgroup::"]);
  });

  test("hide a secret that escaping would split", async () => {
    const step = await captureLog((log) => {
      log.mask("pass::word");
      log.mask("");
      log.info("it is pass::word");
    });
    expect(step.lines).toEqual(["::add-mask::pass::word", "::add-mask::pass%253A%253Aword", "it is ***"]);
  });

  test.each([
    ["itself", 'a b/"c', 'a b/"c'],
    ["in the query of a URL", 'a b/"c', "a%20b%2F%22c"],
    ["in the path of a URL", 'a b/"c', "a%20b/%22c"],
    ["in JSON", 'a b/"c', 'a b/\\"c'],
    ["that begins with another secret", "abc", "abc"],
    ["that no URL can contain", "a\ud800b", "a\ud800b"],
  ])("hide a secret %s, and so does hide()", async (_title, secret, shown) => {
    const step = await captureLog((log) => {
      log.mask("ab");
      log.mask(secret);
      log.info(`<${shown}>`);
      log.info(log.hide(`<${shown}>`));
    });
    expect(step.lines.filter((line) => !line.startsWith("::add-mask::"))).toEqual(["<***>", "<***>"]);
  });

  test("show the progress of long work", async () => {
    let now = 0;
    const step = await captureLog(
      (log) => {
        const count = log.progress("manifests deleted", 4);
        count();
        now = 12_000;
        count();
      },
      { now: () => now, random: () => 0, sleep: async () => {} },
    );
    expect(step.lines).toEqual(["2 of 4 manifests deleted (50 %), 10/min, 12 s left"]);
  });
});

describe("annotations", () => {
  test("one kind has one, with the number of the others, and the step fails", async () => {
    const step = await captureLog((log) => {
      for (const n of [1, 2, 3]) log.error("deletion", `deletion ${n}`);
      log.error("listing", "page 3");
      log.flush();
      log.flush();
    });
    expect(step.lines).toEqual([
      "Error: deletion 1",
      "Error: deletion 2",
      "Error: deletion 3",
      "Error: page 3",
      "::error title=Refsweep%3A Deletions failed::deletion 1%0A… and 2 more: see the summary and the log.",
      "::error title=Refsweep%3A Could not read everything::page 3",
    ]);
    expect(step.failed).toBe(true);
  });

  test("warnings and notices do not fail the step", async () => {
    const step = await captureLog((log) => {
      log.warn("x", "careful");
      log.notice("y", "by the way");
      log.flush();
    });
    expect(step).toEqual({
      lines: [
        "Warning: careful",
        "by the way",
        "::notice title=Refsweep::by the way",
        "::warning title=Refsweep::careful",
      ],
      failed: false,
    });
  });

  test("an error fails the step even if nothing flushes it", async () => {
    expect((await captureLog((log) => log.error("input", "invalid"))).failed).toBe(true);
  });

  test("a list keeps its lines in the log and in the annotation", async () => {
    const step = await captureLog((log) => {
      log.error("input", "2 invalid inputs:\n- `a`: required\r\n- `b`: ::error::x\nFix them.");
      log.flush();
    });
    expect(step.lines).toEqual([
      "Error: 2 invalid inputs:",
      "- `a`: required",
      "- `b`: : :error: :x",
      "Fix them.",
      "::error title=Refsweep%3A Invalid input::2 invalid inputs:%0A- `a`: required%0A- `b`: : :error: :x%0AFix them.",
    ]);
  });

  test("a list of a thousand lines is cut, and the number of lines that are left out is shown", async () => {
    const list = Array.from({ length: 1_000 }, (_, n) => `- ${n}`).join("\n");
    const step = await captureLog((log) => log.error("input", `1,000 invalid inputs:\n${list}`));
    expect(step.lines).toHaveLength(60);
    expect(step.lines.slice(-2)).toEqual(["- 57", "- … and 942 more"]);
  });

  test("are at most the 10 that the runner shows, the last with the number of those that are left out", async () => {
    const step = await captureLog((log) => {
      for (let n = 0; n < 25; n += 1) log.warn(`kind ${n}`, `text ${n}`);
      log.flush();
    });
    const shown = step.lines.filter((line) => line.startsWith("::warning"));
    expect(shown).toHaveLength(10);
    expect(shown[9]).toBe("::warning title=Refsweep::text 9%0A… and 15 more: see the summary and the log.");
  });

  test("have at most 4,096 characters and no command, for any text", async () => {
    const step = await captureLog((log) => {
      log.error("listing", HOSTILE.join("\n"));
      log.error("listing", "again");
      log.flush();
    });
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
