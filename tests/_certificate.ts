/**
 * A certificate made on the spot: X.509 (RFC 5280) in DER, signed by WebCrypto, so that tests of TLS need no
 * program.
 *
 * @module
 */

/** PEM texts. */
export interface PemPair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is good for: DNS names and IPv4 or IPv6 addresses, these as bytes. */
export interface CertificateNames {
  readonly dns: readonly string[];
  readonly ip: readonly Uint8Array[];
}

// ASN.1 tags.
const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
/** Context-specific; with 0x20 what it holds is itself tagged. */
const CONTEXT = 0x80;
const EXPLICIT = 0xa0;

const encoder = new TextEncoder();

/** One tagged value. */
function der(tag: number, ...contents: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const content = contents.flatMap((part) => [...part]);
  const { length } = content;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return Uint8Array.from([tag, ...size, ...content]);
}

/** A number of 0 or more: a first bit of 1 would make it negative. */
function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  return der(INTEGER, (short[0] ?? 0) >= 0x80 ? [0] : [], short);
}

const ECDSA_WITH_SHA256 = der(SEQUENCE, der(OBJECT_ID, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
const COMMON_NAME = der(OBJECT_ID, [0x55, 0x04, 0x03]);
const SUBJECT_ALT_NAME = der(OBJECT_ID, [0x55, 0x1d, 0x11]);
const BASIC_CONSTRAINTS = der(OBJECT_ID, [0x55, 0x1d, 0x13]);
const DAY_MS = 86_400_000;

function time(ms: number): Uint8Array {
  const text = new Date(ms).toISOString().replace(/\.\d+Z$/, "Z").replace(/[-:T]/g, "");
  return der(GENERALIZED_TIME, encoder.encode(text));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...bytes)).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** A certificate that is its own authority, good from yesterday for thirty days. */
export async function selfSigned(names: CertificateNames): Promise<PemPair> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, encoder.encode(names.dns[0] ?? "test")))),
  );
  const alternatives = der(
    SEQUENCE,
    ...names.dns.map((text) => der(CONTEXT | 2, encoder.encode(text))),
    ...names.ip.map((bytes) => der(CONTEXT | 7, bytes)),
  );
  const extensions = der(
    SEQUENCE,
    der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, alternatives)),
    der(SEQUENCE, BASIC_CONSTRAINTS, der(BOOLEAN, [0xff]), der(OCTET_STRING, der(SEQUENCE))),
  );
  const certified = der(
    SEQUENCE,
    der(EXPLICIT, integer(Uint8Array.of(2))),
    integer(crypto.getRandomValues(new Uint8Array(16))),
    ECDSA_WITH_SHA256,
    name,
    der(SEQUENCE, time(Date.now() - DAY_MS), time(Date.now() + 29 * DAY_MS)),
    name,
    new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey)),
    der(EXPLICIT | 3, extensions),
  );
  const signature = new Uint8Array(
    await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, certified.slice()),
  );
  const signed = der(SEQUENCE, integer(signature.subarray(0, 32)), integer(signature.subarray(32)));
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return {
    cert: pem("CERTIFICATE", der(SEQUENCE, certified, ECDSA_WITH_SHA256, der(BIT_STRING, [0], signed))),
    key: pem("PRIVATE KEY", key),
  };
}
