import { describeManifest } from "../format.ts";
import type { Node } from "./graph.ts";

/** How a manifest was reached: from its parent, or from its subject. */
export interface Step {
  readonly from: Node;
  readonly relation: "child" | "referrer";
}

/** Returns a step as a reason: `child of sha256:1a2b3c4d5e6f (pr-12)`. */
export function describeStep({ from, relation }: Step): string {
  return `${relation} of ${describeManifest(from.digest, from.tags)}`;
}

/** Manifests, each with the step that reached it; null: a root. */
export type Reached = ReadonlyMap<Node, Step | null>;

/** Returns `roots` and everything that they need: what they list and what is attached to them, at any depth. */
export function reach(roots: Iterable<Node>): Reached {
  const reached = new Map<Node, Step | null>();
  for (const root of roots) reached.set(root, null);
  const open = [...reached.keys()];
  const add = (node: Node, step: Step): void => {
    if (reached.has(node)) return;
    reached.set(node, step);
    open.push(node);
  };
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    for (const child of from.children) add(child, { from, relation: "child" });
    for (const referrer of from.referrers) add(referrer, { from, relation: "referrer" });
  }
  return reached;
}

/**
 * Returns what is deleted with `roots`, in the order of deletion: each root, then at once its children, then its referrers. A
 * manifest follows as soon as everything that claims it is deleted.
 *
 * @param claims how many parents and subjects claim a manifest; null: it is always kept
 */
export function follow(roots: readonly Node[], claims: (node: Node) => number | null): Reached {
  const deleted = new Map<Node, Step | null>();
  const waitsFor = new Map<Node, number>();
  const open: (readonly [Node, Step | null])[] = [];
  const isReleased = (node: Node): boolean => {
    const before = waitsFor.get(node) ?? claims(node);
    if (before === null || deleted.has(node)) return false;
    waitsFor.set(node, before - 1);
    return before === 1;
  };
  for (const root of roots) {
    open.push([root, null]);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [from, step] = next;
      deleted.set(from, step);
      const children = from.children.filter(isReleased).map((node) => [node, { from, relation: "child" }] as const);
      const referrers = from.referrers
        .filter(isReleased)
        .map((node) => [node, { from, relation: "referrer" }] as const);
      // The last one pushed comes next.
      open.push(...referrers.reverse(), ...children.reverse());
    }
  }
  return deleted;
}
