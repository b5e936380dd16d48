"""`gql` with the schema that it fetches itself: it checks each document against it before it sends it."""
import sys

from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport

url, token = sys.argv[1:]
transport = RequestsHTTPTransport(url=url + "/v3/graphql", headers={"Authorization": "Bearer " + token})
client = Client(transport=transport, fetch_schema_from_transport=True)
with client as session:
    create = gql("mutation ($input: CreateJob) { createJob(input: $input) { id status targetId tasks { records { id } } } }")
    task = {"engineId": "rows/rows", "payload": {"input": [{"value": 1}]}}
    create.variable_values = {"input": {"tasks": [task], "startDateTime": "2099-01-01T00:00:00Z"}}
    job = session.execute(create)["createJob"]
    cancel = gql("mutation ($id: ID!) { cancelJob(id: $id) { id message } }")
    cancel.variable_values = {"id": job["id"]}
    assert session.execute(cancel)["cancelJob"] == {"id": job["id"], "message": "Job cancelled"}
    show = gql("query ($id: ID!) { job(id: $id) { status } jobs(status: [cancelled]) { count } }")
    show.variable_values = {"id": job["id"]}
    assert session.execute(show) == {"job": {"status": "aborted"}, "jobs": {"count": 1}}
    try:
        session.execute(cancel)
        raise SystemExit("a cancelled job was cancelled again")
    except TransportQueryError as error:
        assert error.errors[0]["name"] == "invalid_input", error.errors
    assert len(client.schema.type_map) > 100
print("done")
