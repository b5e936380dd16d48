// The audits of `graphql-http` for servers: prints those that are not passed.
const { serverAudits } = require('graphql-http');

const [url, token] = process.argv.slice(2);
const fetchFn = (address, init = {}) =>
  fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });

(async () => {
  const missed = {};
  for (const audit of serverAudits({ url: `${url}/v3/graphql`, fetchFn })) {
    const result = await audit.fn();
    if (result.status !== 'ok') missed[audit.id] = `${result.status}: ${audit.name}`;
  }
  console.log(JSON.stringify(missed));
})();
