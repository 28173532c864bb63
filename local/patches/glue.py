"""StartJobRun runs Spark, within the job's limit of concurrent runs; batches and pages have AWS's bounds.

Sources: https://docs.aws.amazon.com/glue/latest/webapi/API_StartJobRun.html (ConcurrentRunsExceeded),
https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html (at most 100 partitions a call),
https://docs.aws.amazon.com/glue/latest/webapi/API_GetJobRuns.html (at most 200 runs a page).
"""

import threading

from local.glue_run import UNFINISHED, JobRun, new_run

PARTITIONS_PER_CALL_MAX = 100
RUNS_PER_PAGE_MAX = 200
STOPS_PER_CALL_MAX = 25
WORKERS_MIN = 2
WORKER_TYPES = ("G.1X", "G.2X", "G.4X", "G.8X", "G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X")

_starting = threading.Lock()


def apply(parts) -> None:
    """Replace the run handling, and keep the job's ExecutionProperty, which the emulator drops."""
    from ministack.services import glue
    from ministack.services.cloudformation import provisioners

    glue._start_job_run = lambda data: _start(glue, parts.glue, data)
    glue._batch_stop_job_run = lambda data: _stop(glue, parts.glue, data)
    glue._get_job_runs = lambda data: _list(glue, data)
    glue._batch_create_partition = _bounded(glue._batch_create_partition)
    _keep_execution_property(glue, provisioners)


def _start(glue, engine, data: dict):
    from ministack.core.responses import error_response_json, get_account_id, get_region, json_response

    name = data.get("JobName")
    job = glue._jobs.get(name)
    if job is None:
        return error_response_json("EntityNotFoundException", f"Job not found: {name}", 400)
    if not glue._is_spark_job(job):
        return error_response_json("InvalidInputException", "Only glueetl jobs run on the local AWS.", 400)
    problem = _size_problem(data)
    if problem:
        return error_response_json("InvalidInputException", problem, 400)
    limit = (job.get("ExecutionProperty") or {}).get("MaxConcurrentRuns", 1)
    with _starting:
        runs = glue._job_runs.setdefault(name, [])
        if sum(run["JobRunState"] in UNFINISHED for run in runs) >= limit:
            return error_response_json(
                "ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}", 400
            )
        record = new_run(job, data)
        runs.append(record)
    engine.launch(JobRun(record, dict(job), get_account_id(), get_region()))
    return json_response({"JobRunId": record["Id"]})


def _size_problem(data: dict) -> str:
    """What AWS refuses of a run's own size (glue/latest/dg/worker-types.html)."""
    kind, workers = data.get("WorkerType"), data.get("NumberOfWorkers")
    if (kind is None) != (workers is None):
        return "Please set both Worker Type and Number of Workers."
    if kind is None:
        return ""
    if kind not in WORKER_TYPES:
        return f"Worker Type {kind} is not supported."
    if data.get("MaxCapacity") is not None:
        return "Please do not set Max Capacity if using Worker Type and Number of Workers."
    if workers < WORKERS_MIN:
        return f"To use Worker Type {kind}, minimum allowed value of Number of Workers is {WORKERS_MIN}."
    return ""


def _stop(glue, engine, data: dict):
    from ministack.core.responses import error_response_json, json_response

    name, wanted = data.get("JobName"), data.get("JobRunIds", [])
    if not 1 <= len(wanted) <= STOPS_PER_CALL_MAX:
        return error_response_json(
            "InvalidInputException", f"Between 1 and {STOPS_PER_CALL_MAX} run ids a call.", 400
        )
    known = {run["Id"]: run for run in glue._job_runs.get(name, [])}
    stopped, errors = [], []
    for run_id in wanted:
        entry = {"JobName": name, "JobRunId": run_id}
        if run_id not in known:
            code, words = "JobRunNotFoundException", "Job run is not found"
        elif engine.stop(run_id):
            stopped.append(entry)
            continue
        else:
            code, words = "JobRunInTerminalStateException", "Job run is in terminal state"
        errors.append({**entry, "ErrorDetail": {"ErrorCode": code, "ErrorMessage": words}})
    return json_response({"SuccessfulSubmissions": stopped, "Errors": errors})


def _list(glue, data: dict):
    from ministack.core.responses import json_response

    newest_first = list(reversed(glue._job_runs.get(data.get("JobName"), [])))
    begin = int(data.get("NextToken") or 0)
    size = min(data.get("MaxResults") or RUNS_PER_PAGE_MAX, RUNS_PER_PAGE_MAX)
    more = {"NextToken": str(begin + size)} if begin + size < len(newest_first) else {}
    return json_response({"JobRuns": newest_first[begin : begin + size], **more})


def _bounded(create):
    from ministack.core.responses import error_response_json

    def batch_create_partition(data: dict):
        if len(data.get("PartitionInputList", [])) > PARTITIONS_PER_CALL_MAX:
            return error_response_json(
                "ValidationException",
                "1 validation error detected: Value at 'partitionInputList' failed to satisfy constraint: "
                f"Member must have length less than or equal to {PARTITIONS_PER_CALL_MAX}",
                400,
            )
        return create(data)

    return batch_create_partition


def _keep_execution_property(glue, provisioners) -> None:
    create, update, fields = glue._create_job, glue._update_job, provisioners._glue_job_fields

    def create_job(data: dict):
        answer = create(data)
        if answer[0] == 200:
            glue._jobs[data["Name"]]["ExecutionProperty"] = data.get("ExecutionProperty") or {
                "MaxConcurrentRuns": 1
            }
        return answer

    def update_job(data: dict):
        answer = update(data)
        given = data.get("JobUpdate", {}).get("ExecutionProperty")
        if answer[0] == 200 and given:
            glue._jobs[data["JobName"]]["ExecutionProperty"] = given
        return answer

    def job_fields(properties: dict) -> dict:
        kept = {name: properties[name] for name in ("ExecutionProperty",) if name in properties}
        return {**fields(properties), **kept}

    glue._create_job, glue._update_job, provisioners._glue_job_fields = create_job, update_job, job_fields
