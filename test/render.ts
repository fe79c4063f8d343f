import { Marked, type Tokens } from "marked";

/** The HTML that the summary uses. GitHub allows more. */
const ALLOWED =
  /^<(?:\/?(?:details|summary|code|b|i|sub|a)|details open|br|code title="[^"<>]*"|a href="https?:\/\/[^"<>]*")>$/;

const ALERT = /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\n/;

/** Returns a page that shows `markdown` as GitHub shows a job summary, to preview one without a runner. */
export function renderHtml(markdown: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Job summary</title><style>${STYLE}</style></head><body><article class="markdown-body">${renderBody(markdown)}</article></body></html>`;
}

/** Returns the page's content. HTML that the summary does not use is shown as text. */
export function renderBody(markdown: string): string {
  const marked = new Marked({
    gfm: true,
    renderer: {
      html: ({ text }) => text.replace(/<[^>]*>?/g, (tag) => (ALLOWED.test(tag) ? tag : escapeHtml(tag))),
      blockquote(token) {
        return alert(token, (tokens) => this.parser.parse(tokens));
      },
    },
  });
  return marked.parse(markdown, { async: false });
}

function alert({ tokens, text }: Tokens.Blockquote, parse: (tokens: Tokens.Blockquote["tokens"]) => string): string {
  const kind = ALERT.exec(text)?.[1];
  if (kind === undefined) return `<blockquote>${parse(tokens)}</blockquote>`;
  const body = parse(tokens).replace(/^<p>\[![A-Z]+\]\s*/, "<p>");
  const title = kind[0] + kind.slice(1).toLowerCase();
  return `<div class="alert ${kind.toLowerCase()}"><p class="alert-title">${title}</p>${body}</div>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

const STYLE = `
body { margin: 0; background: #fff; color: #1f2328; font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; }
.markdown-body { max-width: 980px; margin: 24px auto; padding: 24px; border: 1px solid #d1d9e0; border-radius: 6px; }
h3 { font-size: 1.25em; margin: 0 0 16px; } h4 { font-size: 1em; margin: 24px 0 16px; }
p, ul, table, details, .alert { margin: 0 0 16px; }
a { color: #0969da; } code { font: 85% ui-monospace, "Liberation Mono", monospace; background: #818b981f; padding: .2em .4em; border-radius: 6px; }
table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto; }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0; } tr:nth-child(2n) td { background: #f6f8fa; } summary { cursor: pointer; }
blockquote, .alert { padding: 0 1em; border-left: .25em solid #d1d9e0; } .alert { padding: 8px 16px; } .alert > :last-child { margin-bottom: 0; }
.alert-title { font-weight: 500; margin-bottom: 8px; } .alert p, .alert ul { margin-bottom: 8px; } .alert ul { padding-left: 2em; }
.note { border-color: #0969da; } .note .alert-title { color: #0969da; } .tip { border-color: #1a7f37; } .tip .alert-title { color: #1a7f37; }
.warning { border-color: #9a6700; } .warning .alert-title { color: #9a6700; } .caution { border-color: #cf222e; } .caution .alert-title { color: #d1242f; }
sub { font-size: 75%; line-height: 0; position: relative; bottom: -.25em; } p > sub { line-height: 1.6; }
`;
