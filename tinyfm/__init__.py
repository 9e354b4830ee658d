"""tinyfm: a pure-NumPy engine in which you can see every gradient."""
