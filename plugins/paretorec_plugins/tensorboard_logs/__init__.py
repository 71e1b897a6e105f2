"""Observer `tensorboard`: curves as event files of TensorBoard."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_observers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="tensorboard",
            factory=f"{__name__}.writer:TensorBoardLogs",
            config=f"{__name__}.config:TensorBoardConfig",
            summary="Training and search curves, and the front, for TensorBoard",
            needs=("tensorboard",),
            install="paretorec[tensorboard]",
        )
    ]
