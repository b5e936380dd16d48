"""The generated client of `veri-agents-aiware`, with those of its calls that are about jobs."""
import sys

from aiware.common.auth import AiwareApiKey, TokenAuth
from aiware.common.schemas import parse_jsondata
from veri_agents_aiware.aiware_client.client import AgentsAiware
from veri_agents_aiware.aiware_client.client_generated.enums import JobStatusFilter
from veri_agents_aiware.api.graphql import GraphQLContext

url, token = sys.argv[1:]
plain = GraphQLContext(url=url + "/v3/graphql", token=token)
made = plain.run_query(
    "mutation ($input: CreateTDO) { createTDO(input: $input) { id } }",
    {"input": {"startDateTime": "2026-01-01T00:00:00Z", "stopDateTime": "2026-01-01T00:00:00Z", "name": "a name"}},
)
tdo = made["data"]["createTDO"]["id"]
assert plain.me_query()["data"]["me"]["organization"]["name"] == "default"
client = AgentsAiware(base_url=url, auth=TokenAuth(AiwareApiKey(token)))
viewer = client.get_viewer()
assert "job.create" in viewer.myRights.operations and viewer.me.id, viewer
job = client.create_ome_video_job(
    engineId="rows/rows", tdoId=tdo, name="a job", payload=parse_jsondata({"input": [{"value": 1}], "deed": "spin"})
).createJob
assert job.targetId == tdo and job.id, job
page = client.jobs_for_tdo(id=tdo, limit=10).temporalDataObject.jobs
assert [(one.id, one.name) for one in page.records] == [(job.id, "a job")] and page.count == 1, page
states = [JobStatusFilter.pending, JobStatusFilter.queued, JobStatusFilter.running]
assert client.count_active_jobs_for_engine(engineIds=["rows/rows"], status=states).jobs.count == 1
print("done")
