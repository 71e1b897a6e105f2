"""Where event files are written."""

from pydantic import Field

from paretorec.contracts import ComponentConfig


class TensorBoardConfig(ComponentConfig):
    """Configuration of `TensorBoardLogs`."""

    folder: str = Field(
        min_length=1,
        description="What `tensorboard --logdir` is given; each run writes into a folder below it. ~ and ${VARIABLE} "
        "are filled in.",
    )
