import * as v from "valibot";
import { excerpt } from "./redact.ts";
import type { ReceivedResponse } from "./request.ts";

/** What a response says about its error. */
export interface Explanation {
  /** The server's own message; empty: it has none. Untrusted text. */
  readonly detail: string;
  /** How to fix it; undefined: the response does not say. */
  readonly remedy: string | undefined;
}

/** Long enough for an error's page, and short enough for regular expressions. */
const MAX_BYTES = 20_000;
const MAX_ADDRESS_LENGTH = 300;
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 407, 451, 511]);

const Text = v.fallback(v.optional(v.string(), ""), "");
/** DigitalOcean's and GitHub's APIs; OCI registries (distribution-spec, "Error Codes"); OAuth servers (RFC 6749, 5.2); Docker Hub. */
const ErrorBody = v.object({
  message: Text,
  errors: v.fallback(v.array(v.object({ message: Text, code: Text, detail: Text })), []),
  error_description: Text,
  error: Text,
  details: Text,
  block: v.fallback(v.optional(v.object({ html_url: Text })), undefined),
});

export const SSO_REMEDY =
  'Authorize the token for single sign-on of the organization, in the token\'s settings under "Configure SSO".';

/** The reasons of GitHub and its Git server, by their messages, with the fix. None of them is a missing permission. */
const GITHUB_REASONS: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [
    /\bIP allow list\b/i,
    "Add the runner's IP address to the IP allow list of the organization or enterprise, or use a runner whose address is on it.",
  ],
  [/account (?:was|is|has been) suspended/i, "Use a token of an account that is not suspended."],
  [
    /access blocked|unavailable due to|has been disabled|is disabled\b/i,
    "Contact GitHub Support: the repository is blocked or disabled, and no token can read it.",
  ],
  [/\bSAML\b|single sign-on/i, SSO_REMEDY],
  [/forbids access via a/i, "Use another kind of token. The organization's settings do not permit this kind."],
];

/** Returns what a response with an error status says. Never throws. */
export function explain(response: ReceivedResponse, url: URL, secrets: readonly string[]): Explanation {
  const { status, headers, body } = response;
  const text = body.toString("utf8", 0, MAX_BYTES);
  const page = webPageText(text, headers["content-type"]);
  if (page !== null) {
    const remedy = `Check the firewall or proxy between the runner and ${url.host}: it may have sent this page.`;
    return { detail: excerpt(page, secrets), remedy: REFUSALS.has(status) && status !== 404 ? remedy : undefined };
  }
  const message = messageIn(text);
  const detail = excerpt(`${message ?? text}${neededBy(response)}`, secrets, message === null ? 300 : 500);
  const isGitHub = "x-github-request-id" in headers && REFUSALS.has(status);
  return { detail, remedy: isGitHub ? remedyFor(message ?? text, headers, url) : undefined };
}

/**
 * Returns the fix for a reason that GitHub names in an error's message or in `x-github-sso`; undefined: another reason, such as
 * a missing permission.
 */
export function remedyFor(message: string, headers: ReceivedResponse["headers"], url: URL): string | undefined {
  const sso = ssoUrl(headers["x-github-sso"], url);
  if (sso !== null) return `Authorize the token for the organization's single sign-on: open ${sso.href}`;
  return GITHUB_REASONS.find(([pattern]) => pattern.test(message))?.[1];
}

/** Returns `web page "Access denied"`, with its title, or else its text; null: the body is no web page. */
export function webPageText(text: string, contentType: string | undefined): string | null {
  const isPage = /^\s*text\/html\b/i.test(contentType ?? "") || /^\s*<(?:!doctype html|html)\b/i.test(text);
  if (!isPage) return null;
  const title = /<title[^<>]*>([^<]*)/i.exec(text)?.[1]?.trim() ?? "";
  const shown = title === "" ? text.replaceAll(/<[^<>]*>/g, " ") : title;
  const plain = shown.replaceAll(/&(amp|lt|gt|quot|nbsp|#39);/g, (_, name: string) => ENTITIES[name] ?? "");
  const quoted = excerpt(plain, [], 200);
  return quoted === "" ? "web page" : `web page ${JSON.stringify(quoted)}`;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " ", "#39": "'" };

/** Returns the message of an error; null: the body has another format. */
function messageIn(text: string): string | null {
  const body = v.safeParse(ErrorBody, parse(text));
  if (!body.success) return null;
  const { message, errors, error_description: description, error, details, block } = body.output;
  const ofRegistry = errors.map((each) =>
    [each.message || each.code, each.detail].filter((part) => part !== "").join(": "),
  );
  const found = [message, ...ofRegistry, description || error || details, block?.html_url ?? ""];
  const parts = [...new Set(found.filter((part) => part !== ""))];
  return parts.length === 0 ? null : parts.join("; ");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** GitHub's REST API names the permissions and scopes that a request needs. */
function neededBy({ status, headers }: ReceivedResponse): string {
  if (status !== 403) return "";
  const permissions = headers["x-accepted-github-permissions"];
  if (permissions !== undefined) return ` (needed permission: ${permissions})`;
  const [needed, granted] = [headers["x-accepted-oauth-scopes"], headers["x-oauth-scopes"]];
  if (!needed || granted === undefined) return "";
  return ` (needed scope: ${needed}; scopes of the token: ${granted || "none"})`;
}

/** Returns the address of `x-github-sso: required; url=…`; null: there is none, or it is not on the server that sent it. */
function ssoUrl(header: string | undefined, { host, protocol }: URL): URL | null {
  const url = URL.parse(/(?:^|;)\s*url=([^\s;,]+)/i.exec(header ?? "")?.[1] ?? "");
  const isOwn = url?.protocol === protocol && url.host === host.replace(/^api\./, "");
  const isShown = isOwn && url.username === "" && url.password === "" && url.href.length <= MAX_ADDRESS_LENGTH;
  return isShown ? url : null;
}
