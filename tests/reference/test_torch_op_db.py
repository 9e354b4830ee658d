"""PyTorch's own sample inputs: nearly all supported, and all that are agree.

The table: python -m tests.reference.torch_samples.
"""
from __future__ import annotations

import pytest

pytestmark = [pytest.mark.reference, pytest.mark.filterwarnings("ignore")]


def test_samples_of_every_operator_agree_in_value_gradient_and_hessian_vector_product() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("expecttest", reason="torch's table of sample inputs needs it")
    from tests.reference import torch_samples
    rows = torch_samples.run()
    print(torch_samples.table(rows))
    assert len(rows) >= 200
    assert [(row.name, row.disagreed[:2]) for row in rows if row.disagreed] == []
    total = sum(row.samples for row in rows)
    assert sum(row.agreed for row in rows) >= 0.95 * total
    assert all(row.agreed for row in rows), "an operator without a supported sample does not belong in the table"
