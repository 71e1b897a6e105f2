"""An entry point ``rule`` leads here, and imports what only the rule itself needs."""

import pandas as pd

from paretorec.contracts import ComponentSpec, hookimpl

assert pd


@hookimpl
def paretorec_rules():
    return [ComponentSpec("rule", "sound_components:Rule", "sound_components:Config", "Sound")]
