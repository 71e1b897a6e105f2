"""An entry point ``rule`` leads here, and what is offered is called otherwise."""

from sound_components import Config, Rule

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_rules():
    return [ComponentSpec("ruler", Rule, Config, "Sound")]
