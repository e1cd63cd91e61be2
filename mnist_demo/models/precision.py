"""The precision of convolutions while a network learns: what torch calls autocasting."""

from contextlib import AbstractContextManager, nullcontext

import torch


def computing_in(precision: str, device: str) -> AbstractContextManager[object]:
    """Return a context in which layers compute with `precision`, a name of the hyperparameter, on a kind of `device`.

    In bfloat16 they multiply numbers of 16 bits, and add the products up in 32. Weights, the means of batch
    normalisation and the optimizer stay in 32 bits, and so does all evaluation.
    """
    # Each weight is used once: a cache of converted ones would only be shared by threads that do not know each other.
    return torch.autocast(device, torch.bfloat16, cache_enabled=False) if precision == "bfloat16" else nullcontext()
