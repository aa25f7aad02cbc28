# Copyright (c) elip_mm contributors. All rights reserved.
from .dump_predictions import DumpPredictions

__all__ = ['DumpPredictions']
