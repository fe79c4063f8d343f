import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Digest } from "../../src/digest.ts";
import { sha256 } from "./oci/store.ts";

export const SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/** Returns a signed manifest of Docker's schema 1 with one layer, and the digest by which registries store it. */
export function signedSchema1(
  name: string,
  tag: string,
  layer: Digest,
): { readonly bytes: Buffer; readonly digest: Digest } {
  const history = [{ v1Compatibility: JSON.stringify({ id: "a".repeat(64), created: "2015-01-01T00:00:00Z" }) }];
  const payload = JSON.stringify(
    { schemaVersion: 1, name, tag, architecture: "amd64", fsLayers: [{ blobSum: layer }], history },
    null,
    3,
  );
  const formatLength = payload.lastIndexOf("\n}");
  const [start, tail] = [payload.slice(0, formatLength), payload.slice(formatLength)];
  const signatures = `,\n   "signatures": ${JSON.stringify([signatureOf(payload, formatLength, tail)])}`;
  return { bytes: Buffer.from(start + signatures + tail), digest: sha256(payload) };
}

/** Signs as docker/libtrust does ("JSON Signature"). */
function signatureOf(payload: string, formatLength: number, tail: string): object {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const time = "2015-01-01T00:00:00Z";
  const head = encode(JSON.stringify({ formatLength, formatTail: encode(tail), time }));
  const input = Buffer.from(`${head}.${encode(payload)}`);
  const signature = sign("sha256", input, { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
  const { x, y } = publicKey.export({ format: "jwk" });
  const jwk = { crv: "P-256", kid: keyId(publicKey), kty: "EC", x, y };
  return { header: { jwk, alg: "ES256" }, signature, protected: head };
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}

/** Returns 12 groups of 4 characters: the first 240 bits of the key's SHA-256 in base 32. */
function keyId(key: KeyObject): string {
  const hash = createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 30);
  const bits = [...hash].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const text = (bits.match(/.{5}/g) ?? []).map((five) => letters.charAt(Number.parseInt(five, 2))).join("");
  return (text.match(/.{4}/g) ?? []).join(":");
}
