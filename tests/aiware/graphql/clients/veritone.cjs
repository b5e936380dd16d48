// `veritone-client-js` and `veritone-redux-common`, as applications use them.
const assert = require('assert');
const api = require('veritone-client-js/dist/bundle-node');
const { helpers } = require('veritone-redux-common');

// It is made for pages, and asks one where it comes from.
globalThis.window = { origin: '' };

const [url, token] = process.argv.slice(2);
const client = (api.default || api)({ oauthToken: token, baseUrl: url });
const create = 'mutation ($input: CreateJob) { createJob(input: $input) { id status } }';
const show = 'query ($id: ID!) { job(id: $id) { id status } }';
const task = { engineId: 'rows/rows', payload: { input: [{ value: 1 }] } };

(async () => {
  const input = { tasks: [task], startDateTime: '2099-01-01T00:00:00Z' };
  const made = await client.graphql.query(create, { input });
  const job = (made.data.createJob || made.data.data.createJob).id;
  const state = { config: { apiRoot: url, graphQLEndpoint: 'v3/graphql' }, auth: { OAuthToken: token } };
  const seen = [];
  const call = (query, variables) =>
    helpers.callGraphQLApi({
      actionTypes: ['asked', 'answered', 'failed'],
      query,
      variables,
      dispatch: (action) => seen.push(action.type),
      getState: () => state,
    });
  assert.deepStrictEqual(await call(show, { id: job }), { job: { id: job, status: 'pending' } });
  await assert.rejects(call(show, { id: '23041407_RORjiJw7te' }), (error) => error.errors[0].name === 'not_found');
  assert.deepStrictEqual(seen, ['asked', 'answered', 'asked', 'failed']);
  console.log('done');
})().catch((error) => {
  console.error(error, error.errors);
  process.exit(1);
});
