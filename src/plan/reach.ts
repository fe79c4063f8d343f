import type { Digest } from "../digest.ts";
import type { Graph, Node } from "./graph.ts";

/** How a manifest was reached: from its parent, or from its subject. */
export interface Step {
  readonly from: Digest;
  readonly relation: "child" | "referrer";
}

/** Returns everything that `roots` need: what they list and what is attached to them, at any depth. Without the roots. */
export function reach(graph: Graph, roots: Iterable<Digest>): ReadonlyMap<Digest, Step> {
  const start = new Set(roots);
  const reached = new Map<Digest, Step>();
  const open = [...start];
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    const node = graph.get(from);
    if (node === undefined) continue;
    for (const [digest, relation] of followers(graph, node)) {
      if (!graph.has(digest) || start.has(digest) || reached.has(digest)) continue;
      reached.set(digest, { from, relation });
      open.push(digest);
    }
  }
  return reached;
}

/**
 * Returns what is deleted with `roots`, in the order of deletion: each root, then at once its children, then its referrers. A
 * manifest follows as soon as everything that claims it is deleted. Includes the roots (`null`).
 *
 * @param claims how many parents and subjects claim a manifest; null: it is kept, whatever is deleted
 */
export function follow(
  graph: Graph,
  roots: readonly Digest[],
  claims: (digest: Digest) => number | null,
): ReadonlyMap<Digest, Step | null> {
  const deleted = new Map<Digest, Step | null>();
  const waitsFor = new Map<Digest, number>();
  const open: { readonly digest: Digest; readonly step: Step | null }[] = [];
  const release = (digest: Digest): boolean => {
    const before = waitsFor.get(digest) ?? claims(digest);
    if (before === null || deleted.has(digest)) return false;
    waitsFor.set(digest, before - 1);
    return before === 1;
  };
  for (const root of roots) {
    open.push({ digest: root, step: null });
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      deleted.set(next.digest, next.step);
      const node = graph.get(next.digest);
      if (node === undefined) continue;
      const released: typeof open = [];
      for (const [digest, relation] of followers(graph, node)) {
        if (release(digest)) released.push({ digest, step: { from: node.digest, relation } });
      }
      // The last one pushed comes next.
      open.push(...released.reverse());
    }
  }
  return deleted;
}

function* followers(graph: Graph, node: Node): Generator<readonly [Digest, Step["relation"]]> {
  for (const child of graph.children(node)) yield [child, "child"];
  for (const referrer of graph.referrers(node.digest)) yield [referrer, "referrer"];
}
