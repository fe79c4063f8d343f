import { execFileSync } from "node:child_process";
import { createPrivateKey, type KeyObject, randomUUID, sign, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve, type TestServer } from "../http-server.ts";
import type { Login } from "../oci/auth.ts";

/** A key, and the self-signed certificate with which a registry verifies its signatures. */
export interface SigningKey {
  readonly key: KeyObject;
  /** PEM. */
  readonly certificate: string;
}

/** Creates a key and a certificate with openssl, because Node.js cannot create certificates. */
export function makeSigningKey(): SigningKey {
  const folder = mkdtempSync(join(tmpdir(), "refsweep-key-"));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  try {
    const type = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", ["req", ...type, ...subject, "-keyout", key, "-out", certificate], { stdio: "ignore" });
    return { key: createPrivateKey(readFileSync(key)), certificate: readFileSync(certificate, "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface TokenServerOptions {
  readonly login: Login;
  /** The granted actions, of those requested. */
  readonly grants?: (actions: readonly string[]) => readonly string[];
}

/** Serves tokens that a real registry verifies: JSON web tokens (distribution, spec/auth/jwt.md). */
export function serveSignedTokens(signing: SigningKey, options: TokenServerOptions): Promise<TestServer> {
  const { login, grants = (actions) => actions } = options;
  const expected = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;
  return serve(({ headers, url }) => {
    if (headers.authorization !== expected) return { status: 401, body: { details: "incorrect username or password" } };
    const access = url.searchParams.getAll("scope").map((scope) => {
      const [type = "", ...rest] = scope.split(":");
      const actions = grants((rest.pop() ?? "").split(","));
      return { type, name: rest.join(":"), actions };
    });
    const service = url.searchParams.get("service") ?? "";
    return {
      status: 200,
      body: { token: signToken(signing, { aud: service, sub: login.user, access }), expires_in: 300 },
    };
  });
}

function signToken({ key, certificate }: SigningKey, claims: object): string {
  const x5c = [new X509Certificate(certificate).raw.toString("base64")];
  const now = Math.floor(Date.now() / 1000);
  const body = { iss: "issuer.test", iat: now, nbf: now - 10, exp: now + 300, jti: randomUUID(), ...claims };
  const text = [{ typ: "JWT", alg: "ES256", x5c }, body]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}
