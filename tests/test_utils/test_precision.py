# Copyright (c) elip_mm contributors. All rights reserved.
import torch

from elip_mm.utils.precision import similarity


def test_similarities_are_never_in_half_precision():
    rows, columns = torch.randn(3, 8), torch.randn(5, 8).requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert (rows @ columns.t()).dtype == torch.bfloat16
        found = similarity(rows, columns)
    assert torch.equal(found, rows @ columns.t())
    narrow = similarity(rows.bfloat16(), columns.bfloat16())
    assert narrow.dtype == torch.float32
    narrow.sum().backward()
    assert columns.grad is not None
    wide = similarity(rows.double(), columns.double())
    assert wide.dtype == torch.float64
