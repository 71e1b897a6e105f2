"""What torch plugins share: losses in chunks, batches by length, the training loop. Never imported by `paretorec`.

Public API for plugin authors; needs torch.
"""

from paretorec.training.batches import length_batches
from paretorec.training.binary import gbce_loss, gbce_power
from paretorec.training.catalogue import CatalogueLoss, LossName
from paretorec.training.checkpoint import checkpoint_path, differing_weights, load_checkpoint, save_checkpoint
from paretorec.training.compiling import compiled
from paretorec.training.devices import to_device
from paretorec.training.distributed import Group
from paretorec.training.dropout import SeededDropout
from paretorec.training.ema import AveragedWeights
from paretorec.training.fit import fit
from paretorec.training.memory import memory_named
from paretorec.training.optimizers import (
    OptimizerName,
    ScheduleName,
    learning_rate_factor,
    make_optimizer,
    parameter_groups,
)
from paretorec.training.plan import FitReport, Plan, Task
from paretorec.training.precision import ProductPrecision, float_products, uses_bf16
from paretorec.training.sampling import Negatives, NegativeSampler, SampledCandidates, SamplingName
from paretorec.training.similarity import Similarity, SimilarityName
from paretorec.training.softmax import softmax_loss
from paretorec.training.threads import torch_threads

__all__ = [
    "AveragedWeights",
    "CatalogueLoss",
    "FitReport",
    "Group",
    "LossName",
    "NegativeSampler",
    "Negatives",
    "OptimizerName",
    "Plan",
    "ProductPrecision",
    "SampledCandidates",
    "SamplingName",
    "ScheduleName",
    "SeededDropout",
    "Similarity",
    "SimilarityName",
    "Task",
    "checkpoint_path",
    "compiled",
    "differing_weights",
    "fit",
    "float_products",
    "gbce_loss",
    "gbce_power",
    "learning_rate_factor",
    "length_batches",
    "load_checkpoint",
    "make_optimizer",
    "memory_named",
    "parameter_groups",
    "save_checkpoint",
    "softmax_loss",
    "to_device",
    "torch_threads",
    "uses_bf16",
]
