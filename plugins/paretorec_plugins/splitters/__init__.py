"""Splitters: ``temporal``, ``leave-one-out``, ``random`` and ``given``."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_splitters() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="temporal",
            factory=f"{__name__}.temporal:TemporalSplitter",
            config=f"{__name__}.temporal:TemporalConfig",
            summary="By dates: learn, then rank, select and certify on later and later days, users halved",
            capabilities=frozenset({"random"}),
        ),
        ComponentSpec(
            name="leave-one-out",
            factory=f"{__name__}.leave_one_out:LeaveOneOutSplitter",
            config=f"{__name__}.leave_one_out:LeaveOneOutConfig",
            summary="Each user's last item certifies, the last but one selects",
            capabilities=frozenset({"random"}),
        ),
        ComponentSpec(
            name="random",
            factory=f"{__name__}.random_rows:RandomSplitter",
            config=f"{__name__}.random_rows:RandomConfig",
            summary="A random share of each user's rows is held out",
            capabilities=frozenset({"random"}),
        ),
        ComponentSpec(
            name="given",
            factory=f"{__name__}.given:GivenSplitter",
            config=f"{__name__}.given:GivenConfig",
            summary="The data says it: a column with the part of each row",
        ),
    ]
