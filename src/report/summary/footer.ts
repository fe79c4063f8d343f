import { formatCount } from "../../format.ts";
import type { Counts } from "../counts.ts";
import { escapeMarkup } from "../escape.ts";
import type { RunResult } from "../result.ts";
import { link } from "./markup.ts";

/** Hosts shown with their own number of requests. */
const MAX_HOSTS = 8;

/** Returns the small print: the limits of the list, how to restore images, and requests by host. */
export function footer(result: RunResult, total: Counts): string {
  const parts = [listNote(result), restoreNote(result, total), requestsNote(result)].filter((part) => part !== "");
  return parts.length === 0 ? "" : `<sub>${parts.join("<br>")}</sub>\n`;
}

function listNote({ listsUntagged, repositories }: RunResult): string {
  if (listsUntagged || !repositories.some(({ plan }) => plan !== null)) return "";
  return (
    "This registry lists only tagged manifests. Refsweep does not see untagged manifests that no tagged manifest " +
    "refers to; the registry's own garbage collection can remove them."
  );
}

function restoreNote({ restoreWindow, dryRun }: RunResult, { deleted }: Counts): string {
  if (restoreWindow === null || dryRun || deleted.manifests === 0) return "";
  const { days, url } = restoreWindow;
  return `Deleted by mistake? ${link(url, `Restore images within ${days} days`)}; the report file lists them with their ids.`;
}

function requestsNote({ requests }: RunResult): string {
  const hosts = Object.entries(requests).sort(([, a], [, b]) => b - a);
  if (hosts.length === 0) return "";
  const shown = hosts.slice(0, MAX_HOSTS).map(([host, count]) => `${escapeMarkup(host, 80)} ${formatCount(count)}`);
  const rest = hosts.slice(MAX_HOSTS).reduce((sum, [, count]) => sum + count, 0);
  return `Requests: ${[...shown, ...(rest === 0 ? [] : [`others ${formatCount(rest)}`])].join(" · ")}`;
}
