"""An ECS cluster on a local AWS, with an image and task definitions, for tests."""

import json

from local_aws import LocalAws, poll

from local import images

DOCKERFILE = """
FROM python:3.11.7-slim
ENV GREETING=hello DATA_DIR=/app/data
WORKDIR /app
COPY code /app/hello
RUN pip install --require-hashes -r requirements.lock && python -c "open('prepared', 'w').write('yes')"
USER app
ENTRYPOINT ["python", "-m", "hello"]
"""
PROGRAM = """
import json, os, signal, sys, time
import boto3
if os.environ.get("DEAF"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(json.dumps({"cwd": os.getcwd(), "files": os.listdir("."), "env": dict(os.environ)}), flush=True)
open("litter", "w").write("x")
print(json.dumps(boto3.client("sts").get_caller_identity()["Arn"]))
s3 = boto3.client("s3")
s3.put_object(Bucket="allowed", Key="from-task", Body=b"x")
try:
    s3.put_object(Bucket="forbidden", Key="from-task", Body=b"x")
except Exception as error:
    print(json.dumps(str(error)), flush=True)
kept = b"x" * int(os.environ.get("BYTES", "0"))
time.sleep(float(os.environ.get("SLEEP", "0")))
sys.exit(int(os.environ.get("CODE", "0")))
"""
PULLS = {
    "Effect": "Allow",
    "Action": [
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
    ],
    "Resource": "*",
}
LOGS = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
NETWORK = {
    "awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}
}


class Cluster:
    """A local AWS with a cluster, an image and a task definition on it."""

    def __init__(self, aws: LocalAws, folder) -> None:
        self.aws, self.ecs, self.logs = aws, aws.client("ecs"), aws.client("logs")
        (folder / "containers" / "hello").mkdir(parents=True)
        (folder / "containers" / "hello" / "Dockerfile").write_text(DOCKERFILE)
        (folder / "code").mkdir()
        (folder / "code" / "__main__.py").write_text(PROGRAM)
        digest = images.build_all(folder, aws.state / "images")["hello"]
        for bucket in ("allowed", "forbidden"):
            aws.client("s3").create_bucket(Bucket=bucket)
        role = aws.role(
            "task", {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::allowed/*"}
        )
        self.execution_role = aws.role("pulls-and-logs", PULLS, LOGS)
        self.ecs.create_cluster(clusterName="c", capacityProviders=["FARGATE", "FARGATE_SPOT"])
        self.logs.create_log_group(logGroupName="/tasks")
        self.define(
            "hello", f"000000000000.dkr.ecr.us-east-1.amazonaws.com/sluice/hello@sha256:{digest}", role
        )
        self.digest, self.task_role = digest, role
        self.define("absent", f"x/sluice/hello@sha256:{'0' * 64}", role)
        self.drain = aws.tap("task-events", {"source": ["aws.ecs"]})

    def define(self, family: str, image: str, role: str, execution_role: str = "") -> None:
        self.ecs.register_task_definition(
            family=family,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            taskRoleArn=role,
            executionRoleArn=execution_role or self.execution_role,
            containerDefinitions=[
                {
                    "name": "main",
                    "image": image,
                    "stopTimeout": 2,
                    "environment": [{"name": "FROM_DEFINITION", "value": "1"}],
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": "/tasks",
                            "awslogs-region": "us-east-1",
                            "awslogs-stream-prefix": "p",
                        },
                    },
                }
            ],
        )

    def run(
        self,
        family: str = "hello",
        environment: dict | None = None,
        size: dict | None = None,
        provider: str = "",
        **more,
    ) -> str:
        """Start a task, with task-level overrides (`size`: cpu, memory) and a capacity provider if asked."""
        pairs = [{"name": name, "value": value} for name, value in (environment or {}).items()]
        strategy = {"capacityProviderStrategy": [{"capacityProvider": provider, "weight": 1}]}
        answer = self.ecs.run_task(
            cluster="c",
            taskDefinition=family,
            networkConfiguration=NETWORK,
            overrides={"containerOverrides": [{"name": "main", "environment": pairs}], **(size or {})},
            **(strategy if provider else {"launchType": "FARGATE"}),
            **more,
        )
        return answer["tasks"][0]["taskArn"]

    def ended(self, arn: str) -> dict:
        return poll(
            lambda: next(
                (
                    task
                    for task in self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"]
                    if task["lastStatus"] == "STOPPED"
                ),
                None,
            )
        )

    def events(self, arn: str) -> list[dict]:
        mine = poll(
            lambda: (
                [one for one in self.drain() if one["detail"]["taskArn"] == arn]
                if any(
                    one["detail"]["taskArn"] == arn and one["detail"]["lastStatus"] == "STOPPED"
                    for one in self.drain()
                )
                else None
            )
        )
        return sorted(mine, key=lambda one: one["detail"]["version"])

    def output(self, arn: str) -> list:
        stream = f"p/main/{arn.rsplit('/', 1)[-1]}"
        found = self.logs.get_log_events(logGroupName="/tasks", logStreamName=stream, startFromHead=True)
        return [json.loads(event["message"]) for event in found["events"]]
