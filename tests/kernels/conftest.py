"""Laws are drawn without a deadline: a slow machine is not a wrong kernel."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
