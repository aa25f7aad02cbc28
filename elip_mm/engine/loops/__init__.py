# Copyright (c) elip_mm contributors. All rights reserved.
from .resumable_train_loop import ResumableTrainLoop

__all__ = ['ResumableTrainLoop']
