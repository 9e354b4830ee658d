"""Question: all weights start equal

A network  x -> h = tanh(x W1) -> y = h W2  has 3 inputs, 5 hidden units and 1 output, and is trained by gradient
descent on the mean squared error.  Every element of W1 starts as 0.1, every element of W2 as 0.2.

1. After 1000 steps, how many different columns does W1 have?  Set `columns`.
2. Which of these would NOT mend it?  Set `useless` to "a", "b" or "c".
   (a) small random numbers in W1, W2 stays as it is
   (b) all weights start as 0.5 instead
   (c) dropout on h while training
3. W1 starts random, W2 starts as zeros.  What is the gradient of W1 in the first step?  Set `gradient` to a number: it
   is the same for every element.
"""

# BEGIN SOLUTION
columns = 1
useless = "b"
gradient = 0.0
# END SOLUTION


# CHECKS
from tinyfm.exercises.laws import answers, check

minutes = 5
requires = ["linear_backward"]
hints = [
    "Two hidden units with the same weights compute the same number, and receive the same gradient.",
    "What makes two units differ must come from somewhere: from the start, or from chance on the way.",
    "dW1 = x^T (g W2^T * (1 - h^2)). What is it when W2 = 0?",
]
after = """
Gradient descent keeps every symmetry that it begins with: five equal units remain five equal units, a network of one.
Chance must break it, at the start (random weights) or later (dropout).  Zeros in the LAST layer are fine: they stop the
gradient of the first layer for one step only.
"""


@check
def how_many_columns(student, rng): answers(student, "columns", 1)


@check
def what_does_not_mend_it(student, rng): answers(student, "useless", "b")


@check
def zeros_in_the_last_layer(student, rng): answers(student, "gradient", 0.0)


mistakes = {
    "Each column would have to receive another gradient, and none does": ("columns = 1", "columns = 5"),
    "The rows differ, as the inputs do; the columns are the hidden units": ("columns = 1", "columns = 3"),
    "Random weights in W1 make the units differ: that mends it": ('"b"', '"a"'),
    "Dropout silences different units in each step, so they drift apart: that mends it": ('"b"', '"c"'),
    "The gradient of W1 comes through W2": ("gradient = 0.0", "gradient = 1.0"),
}
