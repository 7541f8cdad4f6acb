// Verifies credentials with libraries that are not ours: jose for vc+jwt, Digital Bazaar's for eddsa-jcs-2022, jsonld for meaning.
// Reads {did, contexts, credentials: [text, ...]} from standard input, writes for each credential {id} or {refused: reason}.
import { readFileSync } from "node:fs";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import { createVerifyCryptosuite } from "@digitalbazaar/eddsa-jcs-2022-cryptosuite";
import { compactVerify, importJWK } from "jose";
import jsonld from "jsonld";
import jsigs from "jsonld-signatures";

const { did, contexts, credentials } = JSON.parse(readFileSync(0, "utf8"));
const PREFIX = "data:application/vc+jwt,";

// The whole world of the verifier: the issuer's DID document, its keys and the pinned contexts. Nothing is fetched.
async function documentLoader(url) {
  const method = did.verificationMethod.find(({ id }) => id === url);
  const known = url === did.id ? did : method ? { "@context": did["@context"], ...method } : contexts[url];
  if (known === undefined) throw new Error(`not pinned: ${url}`);
  return { contextUrl: null, documentUrl: url, document: known };
}

async function enveloped(envelope) {
  const { payload } = await compactVerify(
    envelope.id.slice(PREFIX.length),
    ({ kid, alg }) => {
      if (!did.assertionMethod.includes(kid)) throw new Error(`not for assertions: ${kid}`);
      return importJWK(did.verificationMethod.find(({ id }) => id === kid).publicKeyJwk, alg);
    },
    { algorithms: ["EdDSA", "ES256"] },
  );
  return JSON.parse(new TextDecoder().decode(payload));
}

async function embedded(credential) {
  const suite = new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() });
  const purpose = new jsigs.purposes.AssertionProofPurpose();
  const result = await jsigs.verify(credential, { suite, purpose, documentLoader });
  if (!result.verified) throw result.error.errors?.[0] ?? result.error;
  return credential;
}

async function verified(text) {
  const given = JSON.parse(text);
  const credential = given.type === "EnvelopedVerifiableCredential" ? await enveloped(given) : await embedded(given);
  if (credential.issuer.id !== did.id) throw new Error(`issued by ${credential.issuer.id}`);
  await jsonld.expand(credential, { documentLoader, safe: true });
  return { id: credential.id };
}

const results = [];
for (const text of credentials) results.push(await verified(text).catch((error) => ({ refused: String(error.message) })));
console.log(JSON.stringify(results));
