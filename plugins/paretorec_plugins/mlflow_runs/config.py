"""Where MLflow keeps its runs."""

from pydantic import ConfigDict, Field

from paretorec.contracts import ComponentConfig


class MlflowConfig(ComponentConfig):
    """Configuration of `MlflowRuns`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tracking_uri": "sqlite:///${WORLD}/mlflow.db"}]})

    tracking_uri: str = Field(
        default="",
        description="Server or database, such as http://host:5000 or sqlite:///mlflow.db; ${VARIABLE} is filled in, "
        "which is where a password belongs. Empty: what MLFLOW_TRACKING_URI says.",
    )
    experiment: str = Field(default="paretorec", min_length=1, description="Experiment; made if it does not exist.")
    run_name: str = Field(default="", description="Name of the run; empty: the last part of its folder.")
    tags: dict[str, str] = Field(default_factory=dict, description="Tags of the run.")
