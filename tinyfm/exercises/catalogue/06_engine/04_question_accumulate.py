"""Question: what does a second backward() do?

    w = tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    loss.backward()
    loss = (3 * w).sum()
    loss.backward()

No optimiser runs and nothing is reset in between.

1. What is w.grad[0] at the end?  Set `first`.
2. What is w.grad[1] at the end?  Set `second`.
3. A training loop forgets zero_grad().  With which update does it move, in step n?  Set `update` to "a", "b" or "c".
   (a) the gradient of step n only
   (b) the sum of the gradients of all steps so far
   (c) the mean of the gradients of all steps so far
"""

# BEGIN SOLUTION
first = 5.0
second = 7.0
update = "b"
# END SOLUTION


# CHECKS
from tinyfm.engine import tensor
from tinyfm.exercises.laws import answers, check

minutes = 5
requires = ["backward_walk"]
hints = [
    "backward() adds to .grad; it never replaces it.",
    "The first loss gives 2 w, the second gives 3 for each element.",
    "first = 2 * 1.0 + ...\nsecond = 2 * 2.0 + ...\nupdate = ...",
]
after = """
Adding is what makes it possible to split a large batch into small ones, or one loss into several terms: call backward()
on each.  The price is that you must say when a new step begins: zero_grad().
"""
compare = ["tinyfm.engine:add_to_leaf"]


def truth():
    w = tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()
    (3 * w).sum().backward()
    return w.grad


@check
def of_the_first_element(student, rng): answers(student, "first", float(truth()[0]))


@check
def of_the_second_element(student, rng): answers(student, "second", float(truth()[1]))


@check
def without_zero_grad(student, rng): answers(student, "update", "b")


mistakes = {
    "That is the second loss alone; the first one's gradient is still there": ("first = 5.0", "first = 3.0"),
    "That is the first loss alone; the second one's gradient was added": ("first = 5.0", "first = 2.0"),
    "The gradients are added, not multiplied": ("first = 5.0", "first = 6.0"),
    "That is the second loss alone": ("second = 7.0", "second = 3.0"),
    "The slope of w^2 is 2 w, at w = 2 that is 4": ("second = 7.0", "second = 5.0"),
    "Nothing forgets the old gradients for you": ('"b"', '"a"'),
    "Nobody divides by the number of steps": ('"b"', '"c"'),
}
