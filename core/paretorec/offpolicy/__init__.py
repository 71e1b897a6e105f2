"""What another policy would have earned, from a log whose policy drew at random and wrote down how likely it was to."""

from paretorec.offpolicy.estimation import Estimate, estimate
from paretorec.offpolicy.gates import Gate, Limits
from paretorec.offpolicy.plackett_luce import given_above, position_probabilities
from paretorec.offpolicy.values import Value

__all__ = ["Estimate", "Gate", "Limits", "Value", "estimate", "given_above", "position_probabilities"]
