# Copyright (c) elip_mm contributors. All rights reserved.
