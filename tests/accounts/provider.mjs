// A real OpenID provider for the tests: node provider.mjs PORT CLIENT SECRET REDIRECT_URI
// Whoever signs in as NAME is NAME@example.cn; the address of `unverified` is not verified.
import { generateKeyPair, exportJWK } from 'jose';
import { Provider } from 'oidc-provider';

const [port, client, secret, redirect] = process.argv.slice(2);
const { privateKey } = await generateKeyPair('RS256', { extractable: true });
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: client, client_secret: secret, redirect_uris: [redirect] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  cookies: { keys: ['only for tests'] },
  jwks: { keys: [{ ...await exportJWK(privateKey), alg: 'RS256', use: 'sig', kid: 'tests' }] },
  pkce: { required: () => true },
  findAccount: async (_, name) => ({
    accountId: name,
    claims: async () => ({
      sub: name, email: `${name}@example.cn`, email_verified: name !== 'unverified',
    }),
  }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
