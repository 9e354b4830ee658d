"""The gradient checker that names the bug: check_gradients, check_backward, check_rule, check_bellman, check_policy."""

from tinyfm.gradcheck.checks import check_backward
from tinyfm.gradcheck.decisions import check_bellman, check_policy
from tinyfm.gradcheck.report import Finding, Report
from tinyfm.gradcheck.tensors import check_gradients, check_rule, check_table

__all__ = [
    "Finding",
    "Report",
    "check_backward",
    "check_bellman",
    "check_gradients",
    "check_policy",
    "check_rule",
    "check_table",
]
