import type { HttpClient } from "../../http/http.ts";
import { type GitRepository, gitFault, sendToGit } from "./ls-refs.ts";
import { type Commit, type ObjectFormat, readCommits } from "./pack.ts";
import { DELIMITER, decodePackets, encodeLine, FLUSH, GitProtocolError, type Packet } from "./pkt-line.ts";

/** Enough for 400,000 commits of 320 bytes. */
const MAX_MIB = 128;

/** Side-band channels (gitprotocol-pack, "Packfile Data"). */
const PACK_DATA = 1;
const PROGRESS = 2;

/**
 * Returns the commits that `wants` reach and `haves` do not, with their parents: a `fetch` of protocol v2 with the filter
 * `tree:0`, which sends commits only. Both are ids of commits that the repository has: one that is missing fails the request.
 *
 * Throws Fault `permission` or `listing`, and HttpError `interrupted`. https://git-scm.com/docs/gitprotocol-v2#_fetch
 */
export async function fetchCommits(
  http: HttpClient,
  repository: GitRepository,
  wants: readonly string[],
  haves: readonly string[] = [],
): Promise<readonly Commit[]> {
  const [first] = wants;
  if (first === undefined) return [];
  const format: ObjectFormat = first.length === 40 ? "sha1" : "sha256";
  try {
    const body = await sendToGit(http, repository, "result", {
      method: "POST",
      url: new URL(`${repository.url.href}/git-upload-pack`),
      headers: { "content-type": "application/x-git-upload-pack-request", "git-protocol": "version=2" },
      body: fetchCommand(format, wants, haves),
      idempotent: true,
      maxBytes: MAX_MIB * 1024 * 1024,
    });
    // Git's own server ends the response after an error of its own.
    if (body.length === 0) throw new GitProtocolError("refused", "the server may not support the filter `tree:0`");
    return readCommits(packOf(decodePackets(body)), format);
  } catch (error) {
    throw gitFault(repository, "commits", error);
  }
}

function fetchCommand(format: ObjectFormat, wants: readonly string[], haves: readonly string[]): string {
  return [
    encodeLine("command=fetch"),
    // A server without SHA-256 refuses the capability.
    ...(format === "sha256" ? [encodeLine("object-format=sha256")] : []),
    DELIMITER,
    encodeLine("no-progress"),
    encodeLine("filter tree:0"),
    ...wants.map((id) => encodeLine(`want ${id}`)),
    ...haves.map((id) => encodeLine(`have ${id}`)),
    encodeLine("done"),
    FLUSH,
  ].join("");
}

/** Joins the data of the section `packfile`, the last one of a response. */
function packOf(packets: Iterable<Packet>): Buffer {
  const chunks: Buffer[] = [];
  let isInPack = false;
  let isComplete = false;
  for (const packet of packets) {
    if (packet.type !== "line") {
      isComplete = isInPack && packet.type === "flush";
      continue;
    }
    const { payload } = packet;
    if (isInPack) {
      if (payload[0] === PACK_DATA) chunks.push(payload.subarray(1));
      else if (payload[0] !== PROGRESS) throw new GitProtocolError("refused", payload.toString("utf8", 1).trim());
      continue;
    }
    const text = payload.toString("utf8").trim();
    if (text.startsWith("ERR ")) throw new GitProtocolError("refused", text.slice("ERR ".length));
    isInPack = text === "packfile";
  }
  if (isComplete) return Buffer.concat(chunks);
  throw new GitProtocolError("truncated", "the response ends without the end of its pack");
}
