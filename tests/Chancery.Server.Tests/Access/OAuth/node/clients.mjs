// Drives the two certified clients against a running server. The browser's part is played by the test: it reads addresses
// from standard output and writes where they led.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const { MODULES, ISSUER, SERVER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env;
const load = (path) => import(pathToFileURL(join(MODULES, path)).href);
const oidc = await load('openid-client/build/index.js');
const oauth = await load('oauth4webapi/build/index.js');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (name, value) => console.log(JSON.stringify({ name, value }));
const hear = async () => (await lines.next()).value;

// The issuer is the address that people use; in the test the server listens on another port.
const through = (url, options) => fetch(String(url).replace(ISSUER, SERVER), options);
const issuer = new URL(ISSUER);

async function visit(url) {
  say('visit', String(url).replace(ISSUER, SERVER));
  return new URL(await hear());
}

async function withOpenIdClient() {
  const config = await oidc.discovery(issuer, CLIENT_ID, undefined, oidc.ClientSecretBasic(CLIENT_SECRET), {
    execute: [oidc.allowInsecureRequests],
    [oidc.customFetch]: through,
  });
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile email offline_access documents:read',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    resource: ISSUER,
    state,
    nonce,
  });
  const back = await visit(address);
  const tokens = await oidc.authorizationCodeGrant(
    config,
    back,
    { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
    { resource: ISSUER },
  );
  const claims = tokens.claims();
  const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  say('openid-client signed in', info.email);
  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  say('openid-client refreshed', refreshed.access_token);
  const told = await oidc.tokenIntrospection(config, refreshed.access_token);
  say('openid-client introspected', told.active);
  await oidc.tokenRevocation(config, refreshed.refresh_token);
  say('openid-client revoked', (await oidc.tokenIntrospection(config, refreshed.access_token)).active);
  const own = await oidc.clientCredentialsGrant(config, { scope: 'documents:read' });
  say('openid-client as itself', own.access_token);

  const mixedUp = new URL(back);
  mixedUp.searchParams.set('iss', 'https://evil.example');
  await oidc
    .authorizationCodeGrant(config, mixedUp, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce })
    .then(() => say('openid-client mixed up', 'taken'), () => say('openid-client mixed up', 'refused'));
}

async function withDevice() {
  const config = await oidc.discovery(issuer, 'chancery-cli', undefined, oidc.None(), {
    execute: [oidc.allowInsecureRequests],
    [oidc.customFetch]: through,
  });
  const begun = await oidc.initiateDeviceAuthorization(config, { scope: 'documents:read' });
  await visit(begun.verification_uri_complete);
  const tokens = await oidc.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0.1 });
  say('openid-client on a device', tokens.access_token);
}

async function withOauth4webapi() {
  const options = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: through };
  const server = await oauth
    .discoveryRequest(issuer, { algorithm: 'oauth2', ...options })
    .then((response) => oauth.processDiscoveryResponse(issuer, response));
  const client = { client_id: CLIENT_ID };
  const proof = oauth.ClientSecretPost(CLIENT_SECRET);
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const address = new URL(server.authorization_endpoint);
  for (const [name, value] of Object.entries({
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid documents:read',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  })) {
    address.searchParams.set(name, value);
  }
  const back = await visit(address);
  const parameters = oauth.validateAuthResponse(server, client, back, state);
  const response = await oauth.authorizationCodeGrantRequest(server, client, proof, parameters, REDIRECT_URI, verifier, options);
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, { requireIdToken: true });
  const headers = new Headers({ authorization: `Bearer ${tokens.access_token}` });
  const claims = await oauth.validateJwtAccessToken(server, new Request(ISSUER, { headers }), 'chancery-api', options);
  say('oauth4webapi checked the access token', claims.client_id);
  await oauth.validateApplicationLevelSignature(server, response, options);
  say('oauth4webapi checked the ID token', oauth.getValidatedIdTokenClaims(tokens).sub);
}

try {
  await withOpenIdClient();
  await withOauth4webapi();
  await withDevice();
  say('done', true);
} catch (error) {
  say('failed', `${error.stack} ${JSON.stringify(error.cause ?? null)} ${JSON.stringify(error.error ?? null)}`);
}
process.exit();
