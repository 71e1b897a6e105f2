"""From a front and a wish to one policy, and a sentence that says why."""

from paretorec.pick.choose import Pick, pick
from paretorec.pick.promises import Promises, detectable
from paretorec.pick.standing import standing_pick, standing_wish

__all__ = ["Pick", "Promises", "detectable", "pick", "standing_pick", "standing_wish"]
