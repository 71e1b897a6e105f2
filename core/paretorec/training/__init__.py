"""What torch plugins share: losses in chunks, batches by length, the training loop. Never imported by `paretorec`.

Public API for plugin authors; needs torch.
"""

from paretorec.training.batches import length_batches
from paretorec.training.checkpoint import checkpoint_path, load_checkpoint, save_checkpoint
from paretorec.training.dropout import SeededDropout
from paretorec.training.fit import FitReport, Plan, Task, fit
from paretorec.training.optimizers import OptimizerName, ScheduleName, learning_rate_factor, make_optimizer
from paretorec.training.sampling import NegativeSampler, SampledCandidates
from paretorec.training.softmax import softmax_loss
from paretorec.training.threads import torch_threads

__all__ = [
    "FitReport",
    "NegativeSampler",
    "OptimizerName",
    "Plan",
    "SampledCandidates",
    "ScheduleName",
    "SeededDropout",
    "Task",
    "checkpoint_path",
    "fit",
    "learning_rate_factor",
    "length_batches",
    "load_checkpoint",
    "make_optimizer",
    "save_checkpoint",
    "softmax_loss",
    "torch_threads",
]
