"""The half to work with: rules of the checker are tuned on it."""
