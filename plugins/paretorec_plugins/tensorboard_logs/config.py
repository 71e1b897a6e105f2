"""Where event files are written."""

from pydantic import ConfigDict, Field

from paretorec.contracts import ComponentConfig


class TensorBoardConfig(ComponentConfig):
    """Configuration of `TensorBoardLogs`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"folder": "${WORLD}/tensorboard"}]})

    folder: str = Field(
        min_length=1,
        description="What `tensorboard --logdir` is given; each run writes into a folder below it. ~ and ${VARIABLE} "
        "are filled in.",
    )
