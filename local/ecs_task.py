"""The record of one ECS task: its states, and the events that tell of them.

States, version counter and event shapes follow
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html and captured events.
"""

import copy
import threading
import time
import uuid

from local import events

EVENT_FIELDS = (
    "attachments",
    "availabilityZone",
    "capacityProviderName",
    "clusterArn",
    "connectivity",
    "connectivityAt",
    "containers",
    "cpu",
    "createdAt",
    "desiredStatus",
    "enableExecuteCommand",
    "ephemeralStorage",
    "executionStoppedAt",
    "group",
    "lastStatus",
    "launchType",
    "memory",
    "overrides",
    "platformVersion",
    "pullStartedAt",
    "pullStoppedAt",
    "startedAt",
    "startedBy",
    "stopCode",
    "stoppedAt",
    "stoppedReason",
    "stoppingAt",
    "taskArn",
    "taskDefinitionArn",
    "updatedAt",
    "version",
)


class TaskRecord:
    """MiniStack's own task dictionary (what DescribeTasks answers), moved through its life."""

    def __init__(self, record: dict, definition: dict, account: str, region: str) -> None:
        self.record, self.definition = record, definition
        self.account, self.region = account, region
        self.stop_given, self.running_since = threading.Event(), 0.0
        self._lock = threading.Lock()
        record["createdAt"] = events.now()
        record.pop("containerInstanceArn", None)  # a Fargate task has none

    @property
    def task_id(self) -> str:
        return self.record["taskArn"].rsplit("/", 1)[-1]

    @property
    def family(self) -> str:
        return self.definition["family"]

    @property
    def execution_role(self) -> str:
        """The role with which ECS itself pulls the image and opens the log."""
        overrides = self.record.get("overrides") or {}
        return overrides.get("executionRoleArn") or self.definition.get("executionRoleArn") or ""

    def attach_network(self, subnet: str) -> None:
        """Give the task the network interface that the awsvpc mode promises."""
        self.record["attachments"] = [
            {
                "id": str(uuid.uuid4()),
                "type": "ElasticNetworkInterface",
                "status": "ATTACHED",
                "details": [{"name": "subnetId", "value": subnet}],
            }
        ]

    def enter(self, status: str, **changes) -> None:
        """Move to a state, count it, and tell the default bus."""
        self._change(lastStatus=status, **changes)
        self.announce()

    def running(self) -> None:
        moment, self.running_since = events.now(), time.monotonic()
        for container in self.record["containers"]:
            container["lastStatus"] = "RUNNING"
        self.enter("RUNNING", pullStoppedAt=moment, startedAt=moment)

    def stopping(self, code: str, reason: str) -> bool:
        """The decision to end: desiredStatus flips, lastStatus not yet. The first decision wins."""
        with self._lock:
            if self.record["desiredStatus"] == "STOPPED":
                return False
            self._change(
                desiredStatus="STOPPED", stopCode=code, stoppedReason=reason, stoppingAt=events.now()
            )
        self.announce()
        return True

    def ended(self, exit_code: int | None, reason: str = "") -> None:
        """The container is over: DEPROVISIONING (which already shows the exit code), then STOPPED."""
        for container in self.record["containers"]:
            container["lastStatus"] = "STOPPED"
            if exit_code is not None:
                container["exitCode"] = exit_code
            if reason:
                container["reason"] = reason
        for attachment in self.record["attachments"]:
            attachment["status"] = "DELETED"
        self.enter("DEPROVISIONING", executionStoppedAt=events.now())
        self.enter("STOPPED", stoppedAt=events.now())

    def failed_to_start(self, reason: str) -> None:
        """No container ever ran: no exit code, stop code TaskFailedToStart."""
        self.stopping("TaskFailedToStart", reason)
        self.ended(None)

    def announce(self) -> None:
        shown = {name: self.record[name] for name in EVENT_FIELDS if self.record.get(name) not in (None, "")}
        detail = copy.deepcopy(shown)
        for container in detail["containers"]:
            for name in [key for key, value in container.items() if value is None or key == "healthStatus"]:
                del container[name]
        for attachment in detail["attachments"]:
            attachment["type"] = "eni"
        events.put(
            "aws.ecs", "ECS Task State Change", detail, [self.record["taskArn"]], self.account, self.region
        )

    def _change(self, **changes) -> None:
        first = self.record["lastStatus"] == "PROVISIONING" and changes.get("lastStatus") == "PROVISIONING"
        self.record["version"] = self.record["version"] if first else self.record["version"] + 1
        self.record.update(changes, updatedAt=events.now())
