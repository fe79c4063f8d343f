import type { LiveRefs, Ref } from "../refs.ts";
import { decodePackets, GitProtocolError, type Packet } from "./pkt-line.ts";

/** A ref with its full name, such as `refs/tags/v1`. `id` is the commit if the server peeled an annotated tag. */
export interface AdvertisedRef {
  readonly name: string;
  readonly id: string;
}

/** SHA-1 or SHA-256. */
const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const PEELED = "^{}";
const BANNER = "# service=git-upload-pack";

/**
 * Returns the refs in the response to an `ls-refs` command of protocol v2. A response without its flush packet is
 * truncated. Throws GitProtocolError. https://git-scm.com/docs/gitprotocol-v2#_ls_refs
 */
export function parseLsRefs(bytes: Uint8Array): readonly AdvertisedRef[] {
  return readMessage(decodePackets(bytes), lsRefsLine);
}

/**
 * Returns the refs in a reference advertisement of protocol v0 or v1 (`info/refs?service=git-upload-pack`). Throws
 * GitProtocolError. https://git-scm.com/docs/gitprotocol-http#_smart_server_response,
 * https://git-scm.com/docs/gitprotocol-pack#_reference_discovery
 */
export function parseAdvertisement(bytes: Uint8Array): readonly AdvertisedRef[] {
  return peelTags(readMessage(withoutBanner(decodePackets(bytes)), advertisementLine));
}

/** The banner is a message of one line. */
function withoutBanner(packets: Generator<Packet, void, void>): Generator<Packet, void, void> {
  const first = packets.next().value;
  const banner = first?.type === "line" ? textOf(first.payload) : "";
  // Git's own server omits the banner in protocol v2.
  if (banner === "version 2") throw onlyV2();
  if (banner !== BANNER) {
    throw new GitProtocolError("malformed", `the response does not begin with ${JSON.stringify(BANNER)}`);
  }
  const second = packets.next().value;
  if (second === undefined) throw new GitProtocolError("truncated", "the response ends after its banner");
  if (second.type !== "flush") throw new GitProtocolError("malformed", "no flush packet after the banner");
  return packets;
}

/**
 * Returns the refs in a response of one message: lines, a flush packet, and nothing after it. Each line is parsed before the
 * next packet is read, so that a response which is no list of refs is reported as malformed, not as truncated.
 */
function readMessage(
  packets: Generator<Packet, void, void>,
  parseLine: (line: string) => AdvertisedRef | null,
): AdvertisedRef[] {
  const refs: AdvertisedRef[] = [];
  let lines = 0;
  for (const packet of packets) {
    if (packet.type === "line") {
      lines += 1;
      const ref = parseLine(textOf(packet.payload));
      if (ref !== null) refs.push(ref);
      continue;
    }
    if (packet.type !== "flush") throw new GitProtocolError("malformed", `a ${packet.type} packet between refs`);
    if (packets.next().value !== undefined) {
      throw new GitProtocolError("malformed", "data after the end of the response");
    }
    return refs;
  }
  throw new GitProtocolError("truncated", `the response ends after ${lines} lines, without a flush packet`);
}

/**
 * Returns the text of a packet without its line feed. Invalid UTF-8 is replaced: image tags are ASCII, so none depends on it.
 * Throws for an error packet (https://git-scm.com/docs/gitprotocol-pack#_pkt_line_format).
 */
function textOf(payload: Buffer): string {
  const text = payload.toString("utf8").replace(/\n$/, "");
  if (text.startsWith("ERR ")) throw new GitProtocolError("refused", text.slice("ERR ".length));
  return text;
}

function lsRefsLine(line: string): AdvertisedRef | null {
  const [id = "", name = "", ...attributes] = line.split(" ");
  // HEAD may name a branch without commits.
  if (id === "unborn" && name !== "") return null;
  const peeled = attributes.find((attribute) => attribute.startsWith("peeled:"))?.slice("peeled:".length);
  return refOf(line, name, id, peeled);
}

function advertisementLine(line: string): AdvertisedRef | null {
  if (line === "version 1") return null;
  if (line === "version 2") throw onlyV2();
  // The first line also has the server's capabilities.
  const [text = ""] = line.split("\0", 1);
  // A shallow repository lists the commits without parents after its refs.
  const isShallow = text.startsWith("shallow ");
  const [id = "", name = "", ...more] = isShallow ? [text.slice("shallow ".length), "shallow"] : text.split(" ");
  if (more.length > 0) throw invalidLine(line);
  const ref = refOf(line, name, id);
  // An empty repository has this line in place of refs.
  return isShallow || name === `capabilities${PEELED}` ? null : ref;
}

function refOf(line: string, name: string, id: string, peeled = id): AdvertisedRef {
  if (name === "" || !OBJECT_ID.test(id) || !OBJECT_ID.test(peeled)) throw invalidLine(line);
  return { name, id: peeled };
}

/** The line after an annotated tag `refs/tags/v1` is `refs/tags/v1^{}` with its commit. A ref's name cannot contain `^`. */
function peelTags(refs: readonly AdvertisedRef[]): AdvertisedRef[] {
  const commits = new Map(refs.map(({ name, id }) => [name, id]));
  return refs
    .filter(({ name }) => !name.endsWith(PEELED))
    .map(({ name, id }) => ({ name, id: commits.get(name + PEELED) ?? id }));
}

/** Returns the branches and tags. A server may send other refs too (gitprotocol-v2, ref-prefix). */
export function liveRefs(refs: readonly AdvertisedRef[]): LiveRefs {
  const below = (prefix: string): Ref[] =>
    refs
      .filter(({ name }) => name.startsWith(prefix) && name !== prefix)
      .map(({ name, id }) => ({ name: name.slice(prefix.length), commit: id }));
  return { branches: below("refs/heads/"), tags: below("refs/tags/") };
}

/** Returns the head commits of pull requests, by number. */
export function pullRequestHeads(refs: readonly AdvertisedRef[]): ReadonlyMap<number, string> {
  return new Map(
    refs.flatMap(({ name, id }) => {
      const [, number] = /^refs\/pull\/([1-9]\d{0,9})\/head$/.exec(name) ?? [];
      return number === undefined ? [] : [[Number(number), id] as const];
    }),
  );
}

function invalidLine(line: string): GitProtocolError {
  return new GitProtocolError("malformed", `a line that is not a ref: ${JSON.stringify(line.slice(0, 200))}`);
}

function onlyV2(): GitProtocolError {
  return new GitProtocolError("malformed", "the server advertises only protocol v2, although v0 was requested");
}
