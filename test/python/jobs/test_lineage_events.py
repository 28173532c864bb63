"""Our lineage events are OpenLineage's: its own classes, generated from its JSON Schema, take them whole.

The events are those that test/shared/lineage/events.test.ts holds the stage to.
"""

import json
import types
import typing
from pathlib import Path

import attr
import pytest
from openlineage.client import event_v2 as events
from openlineage.client import facet_v2 as facets
from openlineage.client.generated import base

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = sorted((ROOT / "test/payloads/lineage").glob("*.json"))
# Each facet that we send, by its place and name.
KNOWN = {
    "parent": facets.parent_run.ParentRunFacet,
    "errorMessage": facets.error_message_run.ErrorMessageRunFacet,
    "jobType": facets.job_type_job.JobTypeJobFacet,
    "schema": facets.schema_dataset.SchemaDatasetFacet,
    "symlinks": facets.symlinks_dataset.SymlinksDatasetFacet,
    "inputStatistics": facets.input_statistics_input_dataset.InputStatisticsInputDatasetFacet,
    "dataQualityMetrics": facets.data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet,
    "dataQualityAssertions": facets.data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
    "outputStatistics": facets.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
}


def checked(cls, content: dict):
    """An object of a generated class; unknown members, missing ones and wrong types are errors."""
    hints = typing.get_type_hints(cls)
    values = {}
    for name, value in content.items():
        assert name in {field.name for field in attr.fields(cls)}, f"{cls.__name__} has no {name}"
        values[name.lstrip("_")] = value if name.startswith("_") else _value(hints[name], value)
    return cls(**values)


def _value(hint, value):
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        (hint, *_) = [one for one in typing.get_args(hint) if one is not type(None)]
        origin = typing.get_origin(hint)
    if attr.has(origin or hint):
        return checked(hint, value)
    if origin is list:
        assert isinstance(value, list)
        return [_value(typing.get_args(hint)[0], one) for one in value]
    if origin is dict:
        assert isinstance(value, dict)
        return value
    expected = (int, float) if hint is float else hint
    assert isinstance(value, expected) and not (hint is int and value is True), f"{value!r} is no {hint}"
    return value


def facet(name: str, content: dict) -> None:
    """A facet as its class has it, at the version of its schema; one of ours is told by its prefix."""
    content = dict(content)
    assert content.pop("_producer")
    url = content.pop("_schemaURL")
    if name not in KNOWN:
        assert name.startswith("sluice_") and url.startswith("urn:sluice:")
        return
    assert url == KNOWN[name]._get_schema()
    checked(KNOWN[name], content)


def run_event(event: dict) -> base.RunEvent:
    """A run event with all its facets; raises when a single member is not the standard's."""
    event = json.loads(json.dumps(event))
    holders = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    for holder in holders:
        for kind in ("facets", "inputFacets", "outputFacets"):
            for name, content in holder.pop(kind, {}).items():
                facet(name, content)
    assert event.pop("schemaURL") == base.RunEvent._get_schema()
    return events.RunEvent(
        eventType=events.RunState[event.pop("eventType")],
        eventTime=event.pop("eventTime"),
        producer=event.pop("producer"),
        run=checked(events.Run, event.pop("run")),
        job=checked(events.Job, event.pop("job")),
        inputs=[checked(events.InputDataset, one) for one in event.pop("inputs")],
        outputs=[checked(events.OutputDataset, one) for one in event.pop("outputs")],
        **event,
    )


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_an_event_of_every_kind_is_one_of_the_standard(path):
    assert run_event(json.loads(path.read_text("utf-8"))).run.runId


def test_every_type_of_event_is_there():
    kinds = {json.loads(path.read_text("utf-8"))["eventType"] for path in GOLDEN}
    assert kinds == {"START", "COMPLETE", "FAIL", "ABORT"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda event: event["run"].update(runId="r1"),
        lambda event: event.update(eventTime="today"),
        lambda event: event.update(unknown=1),
        lambda event: event["inputs"][0].update(title="x"),
        lambda event: event["outputs"][0]["outputFacets"]["outputStatistics"].update(rowCount="1"),
        lambda event: event["job"]["facets"]["jobType"].pop("integration"),
        lambda event: event["outputs"][0]["facets"]["schema"].update(_schemaURL="https://openlineage.io/x"),
    ],
    ids=["no UUID", "no time", "a member", "a dataset's member", "a type", "a missing member", "a version"],
)
def test_what_is_not_of_the_standard_is_refused(spoil):
    event = json.loads((ROOT / "test/payloads/lineage/cleanse-complete.json").read_text("utf-8"))
    run_event(event)
    spoil(event)
    with pytest.raises((AssertionError, TypeError, ValueError, KeyError)):
        run_event(event)
