# Copyright (c) elip_mm contributors. All rights reserved.
"""What tests share: small models, toy projects, helpers."""
