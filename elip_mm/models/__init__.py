# Copyright (c) elip_mm contributors. All rights reserved.
import mmpretrain.models  # noqa: F401
