import { describe, expect, test } from "vitest";
import { renderSummary } from "../../src/report/summary.ts";
import { renderBody, renderHtml } from "../render.ts";
import { digestOf, kept, manifest, repository, run } from "./results.ts";
import { sampleRun } from "./sample-run.ts";

describe("the summary", () => {
  const shown = renderSummary(sampleRun());

  test.each([
    ["the registry", "<code>registry.digitalocean.com/acme</code> · 4 repositories · 144 images kept"],
    ["an error with its fix", "> **Fix:** Run the workflow again. If the error persists"],
    ["a row for a repository", "| <code>api</code> | <b>12</b> | 0 | 47 | 775\u00a0MiB |  |"],
    [
      "a link to the repository's page",
      '| <a href="https://cloud.digitalocean.com/registry/acme/web"><code>web</code></a> |',
    ],
    ["a row for a repository that could not be read", "| <code>legacy</code> | 0 | 0 | 0 |  | ✖️ GET"],
    ["the totals", "| <b>all</b> | <b>38</b> | <b>1</b> | 144 | up\u00a0to\u00a04.2\u00a0GiB |  |"],
    ["images and manifests of a repository", "26 images (34 manifests) deleted · 1 failed · 1 already gone"],
    ["the result of the garbage collection", "Garbage collection freed <b>3.7 GiB</b> in 412 blobs: collection 6f1c2a"],
    [
      "a short digest with the complete one as its tooltip",
      `<code title="${digestOf("web-0")}">${digestOf("web-0").slice(0, 19)}</code>`,
    ],
    [
      "a link to the pull request",
      '<a href="https://github.com/acme/shop/pull/100">pull request #100</a> was merged on 2026-10-10',
    ],
    ["the error of a failed deletion", "✖️ <b>failed</b>: DELETE https"],
    ["why a planned deletion did not happen", "<b>kept</b>, changed after the plan was made: branch release/9"],
    ["the reason of a refusal", "<b>kept</b>, the registry refused to delete it: manifest is locked"],
    ["the reason of a deferral", "<b>deferred</b> to the next run: API rate limit"],
    ["size and age", "| 29\u00a0MiB | 2\u00a0days\u00a0ago |"],
    ["untagged images", "<i>untagged</i>"],
    ["kept images by reason", "| live branch, Git tag or pull request | 133 |\n"],
    ["stale tags", "<b>1 stale tag</b>"],
    ["broken images", "<b>1 broken manifest</b>"],
    ["warnings", "> [!WARNING]\n> - web: 1 kept manifest is broken.\n"],
    ["ghosts", "<b>1 ghost</b>"],
    ["requests by host", "Requests: api.digitalocean.com 213 · registry.digitalocean.com 64"],
    ["notices", "> - <code>protect-apps</code> is off"],
    ["refused deletions", "> - The registry refused 1 deletion:\n>   - web: manifest is locked"],
  ])("shows %s", (_, text) => {
    expect(shown.replaceAll("&#58;", ":")).toContain(text);
  });

  test("shows errors before the deletions, and deletions before the kept images", () => {
    const places = ["[!CAUTION]", "| Repository |", "Deleted images", "Also found", "Kept images", "Requests"];
    const found = places.map((place) => shown.indexOf(place));
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found).not.toContain(-1);
  });

  test("shows a failed deletion in the first row of its repository", () => {
    const table = shown.slice(shown.indexOf("| Image |"));
    expect(table.split("\n")[2]).toContain("failed");
  });

  test("says of a dry run that nothing was deleted", () => {
    const planned = repository("web", [manifest("a", { outcome: "planned" })]);
    const text = renderSummary(run({ dryRun: true, repositories: [planned] }));
    expect(text).toContain("This is a dry run: nothing was deleted");
    expect(text).toContain("Would delete");
    expect(text.replace("nothing was deleted", "").toLowerCase()).not.toMatch(
      /was deleted|\d deleted|deleted \d|"deleted"/,
    );
  });

  test("has only a few lines if there is nothing to do", () => {
    const text = renderSummary(run({ repositories: [repository("web", [kept("a", "branch main")])] }));
    expect(text).not.toMatch(/Deleted|Failed|details|CAUTION/);
    expect(text.split("\n").length).toBeLessThan(20);
  });

  test("shows many repositories with nothing to delete as one row", () => {
    const idle = Array.from({ length: 40 }, (_, n) => repository(`idle-${n}`, [kept("a", "branch main")]));
    const text = renderSummary(run({ repositories: [...idle, repository("busy", [manifest("b")])] }));
    expect(text).toContain("| <i>40 repositories with nothing to delete</i> | 0 | 40 |  |");
    expect(text).not.toContain("idle-3");
    expect(renderSummary(run({ repositories: idle }))).toContain(
      "| <i>40 repositories with nothing to delete</i> | 40 |",
    );
  });

  test("explains how to restore deleted images, if they can be restored", () => {
    const repositories = [repository("web", [manifest("a", { versionId: 7 })])];
    const restoreWindow = { days: 30, url: "https://docs.github.com/restoring" };
    const link = '<a href="https://docs.github.com/restoring">Restore images within 30 days</a>';
    expect(renderSummary(run({ restoreWindow, repositories }))).toContain(link);
    expect(renderSummary(run({ restoreWindow }))).not.toContain("30 days");
    expect(renderSummary(run({ restoreWindow, repositories, dryRun: true }))).not.toContain("30 days");
    expect(renderSummary(run({ repositories }))).not.toContain("Restore");
  });

  test("says once that the registry lists only tagged manifests", () => {
    const repositories = ["a", "b"].map((name) => repository(name, [manifest("x")]));
    const note = /lists only tagged manifests/g;
    expect(renderSummary(run({ listsUntagged: false, repositories })).match(note)).toHaveLength(1);
    expect(renderSummary(run({ listsUntagged: true, repositories }))).not.toMatch(note);
    expect(renderSummary(run({ listsUntagged: false }))).not.toMatch(note);
  });

  test("links a pull request only if the address needs no escaping", () => {
    const repositories = [repository("web", [manifest("a")])];
    expect(renderSummary(run({ repositories, gitRepositoryUrl: 'https://x/"><h1>' }))).not.toContain("href");
    expect(renderSummary(run({ repositories, gitRepositoryUrl: "javascript:alert(1)" }))).not.toContain("href");
  });
});

test("the page for previews shows foreign HTML as text", () => {
  expect(renderBody("<script>alert(1)</script>")).not.toContain("<script");
  expect(renderBody('<a href="javascript:alert(1)">x</a>')).not.toContain("<a href");
  expect(renderBody("a <img src=x onerror=alert(1)> b")).not.toContain("<img");
  const page = renderHtml(renderSummary(sampleRun()));
  expect(page).toContain("<details><summary><b><code>web</code>");
  expect(page).toContain('<div class="alert caution"><p class="alert-title">Caution</p>');
});
