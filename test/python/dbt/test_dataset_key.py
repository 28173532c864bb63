"""A row of a dataset is known by the columns that a test of its model holds unique."""

from types import SimpleNamespace

from containers.dbt.graph import dataset_key, dataset_models

COMPOUND = "expect_compound_columns_to_be_unique"


def key_of(*tests: tuple[str, dict], of: str = "model.lake.m.v1") -> list[str]:
    nodes = {
        str(place): SimpleNamespace(
            test_metadata=SimpleNamespace(name=name, kwargs=kwargs), attached_node="model.lake.m.v1"
        )
        for place, (name, kwargs) in enumerate(tests)
    }
    return dataset_key(SimpleNamespace(nodes=nodes), SimpleNamespace(unique_id=of))


def test_the_columns_of_the_compound_test_go_before_a_single_one():
    unique = ("unique", {"column_name": "id"})
    compound = (COMPOUND, {"column_list": ["account_id", "summary_date"]})
    assert key_of(unique) == ["id"]
    assert key_of(unique, compound) == ["account_id", "summary_date"]


def test_of_several_the_first_by_name_stays_the_same():
    tests = [("unique", {"column_name": name}) for name in ("name", "id")]
    assert key_of(*tests) == key_of(*reversed(tests)) == ["id"]


def test_other_tests_and_those_of_other_models_say_nothing():
    assert key_of(("not_null", {"column_name": "id"})) == []
    assert key_of(("unique", {"column_name": "id"}), of="model.lake.m.v2") == []


def test_every_dataset_of_the_project_has_a_key(manifest):
    models = dataset_models(manifest)
    assert [model.name for model in models if not dataset_key(manifest, model)] == []
