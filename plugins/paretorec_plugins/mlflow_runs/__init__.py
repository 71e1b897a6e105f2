"""Observer `mlflow`: each run as a run of MLflow."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_observers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="mlflow",
            factory=f"{__name__}.tracking:MlflowRuns",
            config=f"{__name__}.config:MlflowConfig",
            summary="Parameters, curves and the certified front as a run of MLflow",
            needs=("mlflow",),
            install="paretorec[mlflow]",
        )
    ]
