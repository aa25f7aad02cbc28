# Copyright (c) elip_mm contributors. All rights reserved.
"""How threads of torch wait for each other; to be imported before torch.

By default a thread that has nothing to do spins for milliseconds. That takes
the processor from whoever could use it: the process that loads data, or a
second training on the same machine. OpenMP reads the choice once, when its
library is loaded. Who sets the variable keeps it.
"""

import os

os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
