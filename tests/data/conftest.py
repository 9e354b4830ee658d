"""Laws are drawn without a deadline: a slow machine does not break them."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
