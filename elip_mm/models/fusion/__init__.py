# Copyright (c) elip_mm contributors. All rights reserved.
from .blip_decoder import BLIPTextDecoder

