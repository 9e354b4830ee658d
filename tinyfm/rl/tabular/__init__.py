"""Learning in tables, one algorithm one function, in the order of Sutton & Barto's boxes.

Read temporal_difference first, then monte_carlo, n_step, traces, dyna, policy_gradient.
"""
