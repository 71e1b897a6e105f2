"""Observer `mlflow` against the real library, with a database of its own."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest
from simulated_shop import SHOP, TRANSFORMER

from paretorec import ComponentRef, Engine, Registry
from paretorec.errors import ConfigError, DataError, MissingDependency

SMALL = {
    **SHOP,
    "source": {"use": "simulated-store", "params": {"users": 80, "weeks": 12, "items": 40}},
    "encoders": [{"use": "popularity"}, TRANSFORMER],
    "objectives": [{"use": "relevance"}, {"use": "sales"}],
    "search": {"evaluations": 40},
    "pick": {},
}


needs_mlflow = pytest.mark.skipif(
    find_spec("mlflow") is None, reason="mlflow is not installed: pip install 'paretorec[mlflow]'"
)


@pytest.fixture
def store(tmp_path, monkeypatch) -> str:
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_LOGGING", "false")
    monkeypatch.setenv("GIT_PYTHON_REFRESH", "quiet")
    monkeypatch.chdir(tmp_path)  # MLflow puts artifacts beside a database
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@needs_mlflow
def test_a_run_becomes_a_run_of_mlflow(store, tmp_path):
    from mlflow.tracking import MlflowClient

    params = {"tracking_uri": store, "experiment": "shop", "tags": {"team": "search"}}
    encoders = [*SHOP["encoders"], TRANSFORMER]
    config = {
        **SMALL,
        "source": SHOP["source"],
        "encoders": encoders,
        "observers": [{"use": "mlflow", "params": params}],
    }
    engine = Engine(config, registry=Registry(files=()))
    front = engine.run(out=tmp_path / "run")
    assert not engine.observers.failures

    client = MlflowClient(store)
    (run,) = client.search_runs([client.get_experiment_by_name("shop").experiment_id])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "run")
    assert run.data.params["search.evaluations"] == "40"
    assert run.data.params["encoders.transformer.params.width"] == "32"
    assert run.data.tags["team"] == "search"
    assert run.data.tags["paretorec.encoder.transformer"].startswith("paretorec/transformer ")
    assert run.data.tags["paretorec.certified"] == str(front.certified).lower()
    volume = client.get_metric_history(run.info.run_id, "nsga2/hypervolume")
    assert volume[-1].step == 40
    assert "transformer/loss" in run.data.metrics
    lows = [point.certify["relevance"].low for point in front.points]
    assert run.data.metrics["certify/relevance/best_low"] == pytest.approx(max(lows))
    path = client.download_artifacts(run.info.run_id, "front.json", str(tmp_path))
    with open(path, encoding="utf-8") as file:
        assert json.load(file)["points"][0]["id"] == front.points[0].id


@needs_mlflow
def test_a_run_that_fails_is_a_run_that_failed(store):
    from mlflow.tracking import MlflowClient

    config = {**SMALL, "observers": [{"use": "mlflow", "params": {"tracking_uri": store}}]}
    with pytest.raises(DataError):
        Engine(config, registry=Registry(files=())).run([])
    client = MlflowClient(store)
    (run,) = client.search_runs([client.get_experiment_by_name("paretorec").experiment_id])
    assert run.info.status == "FAILED"
    assert run.data.tags["paretorec.error"].startswith("DataError: ")


@needs_mlflow
def test_a_server_that_cannot_be_reached_ends_nothing(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    config = {**SMALL, "encoders": [{"use": "popularity"}]}
    observers = [{"use": "mlflow", "params": {"tracking_uri": "http://127.0.0.1:9"}}]
    engine = Engine({**config, "observers": observers}, registry=Registry(files=()))
    assert engine.run().points
    assert engine.observers.failures["mlflow"] > 1


@needs_mlflow
@pytest.mark.parametrize(("password", "refused"), [("secret", True), ("${MLFLOW_PASSWORD}", False)])
def test_a_password_is_not_kept_with_the_run(password, refused, monkeypatch):
    monkeypatch.setenv("MLFLOW_PASSWORD", "secret")
    params = {"tracking_uri": f"https://me:{password}@host"}
    ref = ComponentRef(use="mlflow", params=params)
    if not refused:
        Registry(files=()).build("observer", ref)
        return
    with pytest.raises(ConfigError, match=r"has a password in it.*\$\{VARIABLE\}") as caught:
        Registry(files=()).build("observer", ref)
    assert "secret" not in str(caught.value)


@pytest.mark.skipif(find_spec("mlflow") is not None, reason="mlflow is installed")
def test_without_mlflow_the_message_says_what_to_install():
    with pytest.raises(MissingDependency, match=r"observer 'mlflow' needs mlflow: pip install 'paretorec\[mlflow\]'"):
        Engine({**SMALL, "observers": [{"use": "mlflow"}]}, registry=Registry(files=())).run()
