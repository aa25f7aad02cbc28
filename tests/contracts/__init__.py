# Copyright (c) elip_mm contributors. All rights reserved.
"""What can be added to the library from outside, without touching it."""
