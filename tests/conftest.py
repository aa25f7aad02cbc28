# Copyright (c) elip_mm contributors. All rights reserved.
import os
import random

# Before anything imports them: a name that would be looked up on a hub fails
# at once instead of waiting for the network, and tests that run beside each
# other do not fight for the cores.
os.environ.setdefault('HF_HUB_OFFLINE', '1')
os.environ.setdefault('TOKENIZERS_PARALLELISM', 'false')
# Tiny models gain nothing from a second thread, and lose a lot when threads
# wait for each other on a busy machine. Processes that tests start inherit it.
os.environ.setdefault('OMP_NUM_THREADS', '1')

import mmengine.config.config
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

torch.set_num_threads(1)


def _as_it_is(text, *args, **kwargs):
    return text, True


# A Runner writes its config down four times and lets yapf lay it out each
# time, which takes several times as long as the training of a tiny model.
# What is written without it is the same Python.
mmengine.config.config.FormatCode = _as_it_is


@pytest.fixture(autouse=True)
def _same_random_numbers():
    """Each test starts from the same state, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _elip_mm_scope():
    """Names without a prefix mean ours, then mmpretrain's, in every test.

    A runner of an earlier test may have left another scope behind.
    """
    with DefaultScope.overwrite_default_scope('elip_mm'):
        yield
