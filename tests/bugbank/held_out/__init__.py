"""The half that is set aside: never read while rules are tuned, only counted."""
