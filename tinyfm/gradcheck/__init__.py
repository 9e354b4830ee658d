"""The gradient checker that names the bug: check_gradients, check_backward, check_rule, check_bellman, check_policy."""
from tinyfm.gradcheck.checks import check_backward
from tinyfm.gradcheck.report import Finding, Report

__all__ = ["Finding", "Report", "check_backward"]
