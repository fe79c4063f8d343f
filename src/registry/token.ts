import { Fault } from "../fault.ts";
import type { Credential, Settings } from "../settings.ts";
import type { InvalidInput } from "./provider.ts";

/** Returns the problem of a token that cannot be sent in an `Authorization: Bearer` header; null if it can. */
export function invalidToken(token: string): InvalidInput | null {
  if (/^[\x21-\x7e]*$/.test(token)) return null;
  return { input: "token", problem: "contains a blank, a line break or another character that no token has" };
}

/** Returns the credential of a provider that always needs one. Throws Fault `input` if it is missing. */
export function requireCredential({ credential }: Pick<Settings, "credential">): Credential {
  if (credential === null) throw new Fault("input", "`token` is missing", "Set `token` to a token of the registry.");
  return credential;
}
