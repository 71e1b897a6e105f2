"""The judge's inner loops, compiled: nothing of size [policies, requests, candidates] anywhere.

Imported only when numba is there (extra ``fast``); `paretorec.judge.reference` is the same in numpy, to the bit.
"""

from paretorec.judge.kernel.packing import pack, skyband
from paretorec.judge.kernel.ranking import rank
from paretorec.judge.kernel.worth import appraise, moments

__all__ = ["appraise", "moments", "pack", "rank", "skyband"]
