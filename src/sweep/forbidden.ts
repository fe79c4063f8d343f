import type { Digest } from "../digest.ts";
import type { Fault } from "../fault.ts";
import { isForbiddenDeletion } from "../http/errors.ts";

/** 403s in a row before any deletion, and after one, that show that the token may not delete. */
const MAX_UNPROVEN = 2;
const MAX_PROVEN = 8;

/** What the answers to DELETEs show about a token's permission to delete. */
export class Permission {
  /** Whether it covers one repository only. */
  readonly isPerRepository: boolean;
  #isProven = false;
  #refusals = 0;

  constructor(isPerRepository: boolean) {
    this.isPerRepository = isPerRepository;
  }

  /** Whether any manifest was deleted. Before, only one DELETE may be in flight. */
  get isProven(): boolean {
    return this.#isProven;
  }

  get isMissing(): boolean {
    return this.#refusals >= (this.#isProven ? MAX_PROVEN : MAX_UNPROVEN);
  }

  deleted(): void {
    this.#isProven = true;
    this.#refusals = 0;
  }

  refused(): void {
    this.#refusals += 1;
  }
}

/**
 * Manifests of a repository that the registry forbids to delete (403), since its last deletion. Either the token may not delete at
 * all, or the registry protects single images. So the next one is tried. A deletion shows that the others are protected.
 */
export class Forbidden {
  readonly #permission: Permission;
  readonly #faults = new Map<Digest, Fault>();
  /** The error if the token may not delete. */
  fault: Fault | null = null;

  constructor(permission: Permission) {
    this.#permission = permission;
  }

  add(digest: Digest, fault: Fault): void {
    this.#permission.refused();
    this.#faults.set(digest, fault);
    if (this.#permission.isMissing) this.fault = fault;
  }

  /** Records that nothing else can be tried: without any deletion, nothing shows that the token may delete. */
  end(): void {
    if (!this.#permission.isProven) this.fault ??= [...this.#faults.values()].at(-1) ?? null;
  }

  /** Returns the manifests, and forgets them. */
  take(): readonly (readonly [Digest, Fault])[] {
    const faults = [...this.#faults];
    this.#faults.clear();
    return faults;
  }

  /** Whether `error` is about this repository only, and not about the token. */
  isLocal(error: unknown): boolean {
    const { isPerRepository, isMissing } = this.#permission;
    if (error !== null && error === this.fault) return isPerRepository || !isMissing;
    return isPerRepository && isForbiddenDeletion(error);
  }
}
