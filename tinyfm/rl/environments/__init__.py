"""Environments with Gymnasium's signatures, one family a file. `environment` and `tabular` say how they are made."""
