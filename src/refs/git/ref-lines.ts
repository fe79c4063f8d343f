import type { LiveRefs, Ref } from "../refs.ts";
import { decodePackets, GitProtocolError, type Packet } from "./pkt-line.ts";

/** A ref as the server told it. `name` is whole (`refs/tags/v1`); `id` is peeled where the server peeled it. */
interface AdvertisedRef {
  readonly name: string;
  readonly id: string;
}

/** SHA-1 or SHA-256, as Git writes it. */
const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const HEADS = "refs/heads/";
const TAGS = "refs/tags/";
const PEELED = "^{}";
const BANNER = "# service=git-upload-pack";

/**
 * The answer to an `ls-refs` command of protocol v2 -> the branches and tags in it.
 * It must be whole: without its flush packet it is cut, however good its lines are.
 * https://git-scm.com/docs/gitprotocol-v2#_ls_refs. Throws GitProtocolError.
 */
export function parseLsRefs(bytes: Uint8Array): LiveRefs {
  return liveRefs(oneMessage(decodePackets(bytes), lsRefsLine));
}

/**
 * The reference advertisement of protocol v0 or v1 (`info/refs?service=git-upload-pack`) -> the branches and tags in it.
 * https://git-scm.com/docs/gitprotocol-http#_smart_server_response,
 * https://git-scm.com/docs/gitprotocol-pack#_reference_discovery. Throws GitProtocolError.
 */
export function parseAdvertisement(bytes: Uint8Array): LiveRefs {
  return liveRefs(peelInto(oneMessage(withoutBanner(decodePackets(bytes)), advertisementLine)));
}

/** The banner is a message of its own: one line and a flush packet. */
function withoutBanner(packets: Iterator<Packet, void, void>): Iterator<Packet, void, void> {
  const first = packets.next().value;
  const banner = first?.type === "line" ? textOrRefusal(first.payload) : "";
  // Git's own server leaves the banner out where it speaks v2.
  if (banner === "version 2") throw onlyV2();
  if (banner !== BANNER) {
    throw new GitProtocolError("malformed", `the answer does not begin with ${JSON.stringify(BANNER)}`);
  }
  const second = packets.next().value;
  if (second === undefined) throw new GitProtocolError("truncated", "the answer ends after its banner");
  if (second.type !== "flush") throw new GitProtocolError("malformed", "no flush packet after the banner");
  return packets;
}

/**
 * What `read` makes of an answer that is one message: lines, a flush packet, and nothing behind it.
 * Each line is read before the next is looked at, so that what is no list of refs at all is not called a cut one.
 */
function oneMessage(packets: Iterator<Packet, void, void>, read: (line: string) => AdvertisedRef[]): AdvertisedRef[] {
  const refs: AdvertisedRef[] = [];
  let lines = 0;
  for (let packet = packets.next().value; packet !== undefined; packet = packets.next().value) {
    if (packet.type === "line") {
      lines += 1;
      for (const ref of read(textOrRefusal(packet.payload))) refs.push(ref);
      continue;
    }
    if (packet.type !== "flush") throw new GitProtocolError("malformed", `a ${packet.type} packet among refs`);
    if (packets.next().value !== undefined) {
      throw new GitProtocolError("malformed", "data after the end of the answer");
    }
    return refs;
  }
  throw new GitProtocolError("truncated", `the answer ends after ${lines} lines, without a flush packet`);
}

/** https://git-scm.com/docs/gitprotocol-pack#_pkt_line_format: an error packet may stand in any packet's place. */
function textOrRefusal(payload: Buffer): string {
  const text = textOf(payload);
  if (text.startsWith("ERR ")) throw new GitProtocolError("refused", text.slice("ERR ".length));
  return text;
}

/** A name that is not UTF-8 keeps its valid part: image tags are ASCII, so no tag can depend on the rest. */
function textOf(payload: Buffer): string {
  const text = payload.toString("utf8");
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

function lsRefsLine(line: string): AdvertisedRef[] {
  const [id, name, ...attributes] = line.split(" ");
  if (id === undefined || name === undefined || name === "") throw noRef(line);
  // A branch that HEAD names and no commit has made yet.
  if (id === "unborn") return [];
  const peeled = attributes.find((attribute) => attribute.startsWith("peeled:"))?.slice("peeled:".length);
  if (!OBJECT_ID.test(id) || (peeled !== undefined && !OBJECT_ID.test(peeled))) throw noRef(line);
  return [{ name, id: peeled ?? id }];
}

function advertisementLine(line: string): AdvertisedRef[] {
  if (line === "version 1") return [];
  if (line === "version 2") throw onlyV2();
  // Capabilities stand behind a NUL in the first line, and say nothing of refs.
  const [text = ""] = line.split("\0", 1);
  // A shallow repository tells where it is cut, after its refs.
  const shallow = /^shallow (.*)$/.exec(text)?.[1];
  const [id, name, ...more] = shallow === undefined ? text.split(" ") : [shallow, "shallow"];
  if (id === undefined || name === undefined || name === "" || more.length > 0) throw noRef(line);
  if (!OBJECT_ID.test(id)) throw noRef(line);
  // Stands in for the refs of an empty repository.
  return shallow !== undefined || name === `capabilities${PEELED}` ? [] : [{ name, id }];
}

/** `refs/tags/v1^{}` follows `refs/tags/v1` and tells what that annotated tag points at. */
function peelInto(refs: readonly AdvertisedRef[]): AdvertisedRef[] {
  const peeled = new Map(
    refs.filter(({ name }) => name.endsWith(PEELED)).map(({ name, id }) => [name.slice(0, -PEELED.length), id]),
  );
  // `^` cannot be part of a ref's name (git check-ref-format), so the ending is never a name's own.
  return refs
    .filter(({ name }) => !name.endsWith(PEELED))
    .map(({ name, id }) => ({ name, id: peeled.get(name) ?? id }));
}

/** A server may send more than was asked for (gitprotocol-v2, ref-prefix): what is neither branch nor tag is left out. */
function liveRefs(refs: readonly AdvertisedRef[]): LiveRefs {
  return { branches: below(HEADS, refs), tags: below(TAGS, refs) };
}

function below(prefix: string, refs: readonly AdvertisedRef[]): Ref[] {
  return refs.flatMap(({ name, id }) =>
    name.startsWith(prefix) && name.length > prefix.length ? [{ name: name.slice(prefix.length), commit: id }] : [],
  );
}

function noRef(line: string): GitProtocolError {
  return new GitProtocolError("malformed", `a line that is no ref: ${JSON.stringify(line.slice(0, 200))}`);
}

function onlyV2(): GitProtocolError {
  return new GitProtocolError("malformed", "the server advertises protocol v2 only, though v0 was asked for");
}
