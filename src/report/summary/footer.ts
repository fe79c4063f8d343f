import { formatCount } from "../../format.ts";
import { escapeMarkup, escapeMermaid } from "../escape.ts";
import type { RunResult } from "../result.ts";
import type { Tally } from "../tally.ts";
import { type KeptGroup, largest } from "./kept.ts";

/** Slices of the pie, and hosts in the footer: as many as can be told apart. */
const MOST_SLICES = 6;
const MOST_HOSTS = 8;

/** A pie of what went and what stays. All that it shows is in the tables above. */
export function pie(total: Tally, groups: readonly KeptGroup[], { dryRun }: RunResult): string {
  if (total.deleted === 0 || groups.length === 0) return "";
  const slices = [
    { label: dryRun ? "would be deleted" : "deleted", count: total.deleted },
    ...largest(groups, MOST_SLICES - 1),
  ];
  const lines = slices.map(({ label, count }) => `  "${escapeMermaid(label)}" : ${count}\n`);
  return `\`\`\`mermaid\npie showData\n${lines.join("")}\`\`\`\n\n`;
}

/** Small print: what the listing cannot see, on GHCR how to undo, and requests by host. */
export function footer(result: RunResult, total: Tally): string {
  const parts = [listingNote(result), restoreNote(result, total), requestsNote(result)].filter((part) => part !== "");
  return parts.length === 0 ? "" : `<sub>${parts.join("<br>")}</sub>\n`;
}

function listingNote({ repositories }: RunResult): string {
  if (!repositories.some(({ plan }) => plan?.listsUntagged === false)) return "";
  return (
    "This registry lists tagged manifests only: untagged ones that nothing tagged refers to are not seen here. " +
    "Its own garbage collection is what removes them."
  );
}

function restoreNote({ provider, dryRun }: RunResult, { deleted }: Tally): string {
  if (provider !== "ghcr" || dryRun || deleted === 0) return "";
  return (
    'Deleted by mistake? GitHub <a href="https://docs.github.com/packages/learn-github-packages/deleting-and-restoring-a-package">' +
    "restores versions for 30 days</a>; the report file holds their ids."
  );
}

function requestsNote({ requests }: RunResult): string {
  const hosts = Object.entries(requests).sort(([, a], [, b]) => b - a);
  if (hosts.length === 0) return "";
  const shown = hosts.slice(0, MOST_HOSTS).map(([host, count]) => `${escapeMarkup(host, 80)} ${formatCount(count)}`);
  const rest = hosts.slice(MOST_HOSTS).reduce((sum, [, count]) => sum + count, 0);
  return `Requests: ${[...shown, ...(rest === 0 ? [] : [`others ${formatCount(rest)}`])].join(" · ")}`;
}
