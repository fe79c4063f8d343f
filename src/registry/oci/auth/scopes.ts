import type { Challenge } from "./challenge.ts";

/** Returns the scopes that a challenge names, separated by spaces in one parameter (distribution, spec/auth/scope.md). */
export function scopesOf(challenge: Challenge): readonly string[] {
  return (challenge.parameters["scope"] ?? "").split(" ").filter((scope) => scope !== "");
}

/** Returns whether `scopes` include `wanted`: `repository:app:pull,delete` includes `repository:app:delete`. */
export function includesScope(scopes: readonly string[], wanted: string): boolean {
  const [resource, actions] = splitScope(wanted);
  const granted = scopes.map(splitScope).filter(([other]) => other === resource);
  return actions.every((action) => granted.some(([, others]) => others.includes(action)));
}

function splitScope(scope: string): readonly [resource: string, actions: readonly string[]] {
  const end = scope.lastIndexOf(":");
  return [scope.slice(0, end), scope.slice(end + 1).split(",")];
}
