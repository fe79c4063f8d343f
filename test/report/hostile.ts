import fc from "fast-check";

/** Texts from outside, each an attempt to attack the log, the summary or a terminal. */
export const HOSTILE = [
  "::error::owned",
  "a\n::set-output name=x::y",
  "a\r::add-mask::y",
  "  ::stop-commands::t",
  "x ##[error]owned",
  "##[##[group]x",
  ":::::error::",
  "a\u2028::error::b\u0085::error::c",
  "\u001b[31mred\u001b[0m \u009b2J",
  "\u202egnp.exe\u2066\u200f",
  "a | b | c",
  "a \\| b \\",
  "a\n| --- |\n# heading",
  "`code` ``` fence",
  "</code></td></table></details><h1>owned</h1>",
  '<script>alert(1)</script><img src=x onerror="alert(1)">',
  '" onmouseover="alert(1)',
  "[link](javascript:alert(1)) ![img](https://evil.example/x.png)",
  "https://evil.example www.evil.example me@evil.example",
  "<https://evil.example> &lt;b&gt; &#60;b&#62;",
  "**bold** __bold__ ~~gone~~ $x$",
  "1. one",
  "- list",
  "# heading",
  "===",
  "> quote",
  "    indented",
  "\ud800 lone",
  "\u0000\u0007\u007f",
  "👨‍👩‍👧‍👦".repeat(200),
  `a${"\u0301".repeat(5_000)}`,
  "x".repeat(100_000),
  '%%{init: {"theme":"x"}}%% "; end',
] as const;

const PIECES = [
  ...HOSTILE.slice(0, 28),
  "::",
  ":",
  "##",
  "[",
  "#",
  "|",
  "\\",
  "`",
  "<",
  ">",
  "<b>",
  "&",
  "\n",
  "\r\n",
  "\n\n",
  "error",
  " ",
  "\t",
  "pull request #1",
  "\u202e",
  "\u001b",
] as const;

/** Arbitrary texts, and texts made of harmful pieces. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join("")),
  fc
    .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "grapheme" })), { maxLength: 8 })
    .map((all) => all.join("")),
);

/** Characters that must not be shown: controls except the line break, bidi controls, lone surrogates. */
export const UNSEEN = /[^\P{Cc}\n]|[\u2028\u2029\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\p{Cs}/u;

/** Returns the command that the runner finds in `line` (actions/runner, ActionCommand.cs); null if it finds none. */
export function commandIn(line: string): string | null {
  const second = /^\s*::([^:\s]+)[^:]*::/u.exec(line)?.[1];
  const first = /##\[([^\]]*)\]?/u.exec(line)?.[1];
  return second ?? first ?? (/^\s*::/u.test(line) ? line : null);
}
