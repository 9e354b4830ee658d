"""Right backwards: every op of the bank, and right ones that look wrong. Nothing may be found on any of them."""
