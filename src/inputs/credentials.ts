import type { Provider } from "../registry/provider.ts";
import type { Credential } from "../settings.ts";
import type { InputReader } from "./input-reader.ts";

/** Returns the registry's credential. Null: none is given, or it is invalid and the error is recorded. */
export function readCredential(reader: InputReader, provider: Provider): Credential | null {
  const username = reader.text("username");
  // A colon ends the name in Basic credentials (RFC 7617, section 2).
  if (/[:\p{Cc}]/u.test(username)) reader.reject("username", "contains a colon or a line break, as no user name does");
  const inputs = { username, token: reader.text("token"), githubToken: reader.text("github-token") };
  const credential = provider.credential(inputs);
  if (credential === null || !("problem" in credential)) return credential;
  const { input, problem } = credential;
  return reader.reject(input, problem);
}
