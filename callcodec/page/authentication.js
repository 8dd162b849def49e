// The caller's part of callcodec/transport/authentication.py, byte for byte: who we are, committed to, revealed, proved.
import { WORDS } from "./words.js";

const NONCE_BYTES = 32;
const SECRET_BYTES = 16; // at least: 128 bits
const FINGERPRINT = /^[a-z0-9-]{1,20} [0-9A-F]{2}(:[0-9A-F]{2}){15,63}$/;

const bytesOf = (text) => new TextEncoder().encode(text);
const digest = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function fromHex(text) {
  if (typeof text !== "string" || !/^([0-9a-fA-F]{2})*$/.test(text)) {
    throw new Error("The other side sent something that cannot be read.");
  }
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

// Each part after its length: no two lists of parts give the same bytes.
function joined(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  let at = 0;
  for (const part of parts) {
    new DataView(out.buffer).setUint32(at, part.length);
    out.set(part, at + 4);
    at += 4 + part.length;
  }
  return out;
}

// The secret in the link's fragment, base64url. It is never sent; proofs are made with it.
export async function secretOf(fragment) {
  const text = fragment.replace(/^#/, "");
  if (!/^[A-Za-z0-9_-]+$/.test(text)) {
    return null;
  }
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
  if (bytes.length < SECRET_BYTES) {
    return null;
  }
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

// Every fingerprint that a session description names (RFC 8122, 5), sorted, in one spelling.
export function fingerprintsOf(sdp) {
  const found = sdp
    .split(/[\r\n]+/)
    .filter((line) => line.startsWith("a=fingerprint:"))
    .map((line) => {
      const [algorithm, ...value] = line.slice("a=fingerprint:".length).split(" ");
      return `${algorithm.trim().toLowerCase()} ${value.join(" ").trim().toUpperCase()}`;
    });
  return [...new Set(found)].sort();
}

export class Identification {
  constructor(role, nonce, fingerprints) {
    if (nonce.length !== NONCE_BYTES || fingerprints.length < 1 || fingerprints.length > 8) {
      throw new Error("The other side does not say properly who it is.");
    }
    if (!fingerprints.every((name) => typeof name === "string" && FINGERPRINT.test(name))) {
      throw new Error("The other side names a fingerprint that is none.");
    }
    Object.assign(this, { role, nonce, fingerprints });
  }

  static fresh(role, fingerprints) {
    return new Identification(role, crypto.getRandomValues(new Uint8Array(NONCE_BYTES)), fingerprints);
  }

  serialise() {
    return joined(bytesOf(this.role), this.nonce, ...this.fingerprints.map(bytesOf));
  }

  commitment() {
    return digest(joined(bytesOf("callcodec commitment 1"), this.serialise()));
  }
}

export class Meeting {
  constructor(caller, listener) {
    this.sides = [caller.serialise(), listener.serialise()];
  }

  async proof(key, by) {
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, this.#said(by)));
  }

  async checkProof(key, by, proof) {
    if (!(await crypto.subtle.verify("HMAC", key, proof, this.#said(by)))) {
      throw new Error("The other side does not hold this link's code, or somebody has changed what it sent.");
    }
  }

  async words() {
    const bytes = await digest(joined(bytesOf("callcodec words 1"), ...this.sides));
    return Array.from(bytes.slice(0, 4), (byte) => WORDS[byte]);
  }

  #said(by) {
    return joined(bytesOf("callcodec proof 1"), bytesOf(by), ...this.sides);
  }
}
