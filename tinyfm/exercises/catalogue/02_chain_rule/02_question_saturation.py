"""Question: why do deep sigmoid networks hardly learn?

The slope of sigma(z) = 1 / (1 + e^-z) is sigma(z) (1 - sigma(z)).

1. What is its largest value, at any z?  Set `largest` to that number.
2. A gradient passes backwards through 10 sigmoids, each at its steepest point, and through nothing else.  By which
   factor has it shrunk?  Set `factor` to it, to three digits at least (0.5 would mean that half of it is left).
3. Which of these mends it best?  Set `remedy` to "a", "b", "c" or "d".
   (a) a larger learning rate
   (b) relu in place of the sigmoid
   (c) all weights start at 0
   (d) a larger batch
"""

# BEGIN SOLUTION
largest = 0.25
factor = 0.25 ** 10
remedy = "b"
# END SOLUTION


# CHECKS
from tinyfm.exercises.laws import answers, check

minutes = 5
hints = [
    "sigma is between 0 and 1. For which s between 0 and 1 is s (1 - s) largest?",
    "At z = 0 sigma is 1/2. Ten such slopes are multiplied.",
    "largest = ...\nfactor = ... ** 10\nremedy = \"...\"   where the slope is 1 on half of all inputs",
]
after = """
s (1 - s) is largest at s = 1/2: 1/4.  Ten of them leave a millionth.  relu's slope is 1 wherever it is active, so
nothing shrinks there; that, and better starts for the weights, is what made deep networks trainable.
"""


@check
def the_largest_slope(student, rng): answers(student, "largest", 0.25)


@check
def ten_in_a_row(student, rng): answers(student, "factor", 0.25 ** 10, rtol=1e-3)


@check
def the_remedy(student, rng): answers(student, "remedy", "b")


mistakes = {
    "1 is the largest value of sigma itself, not of its slope": ("largest = 0.25", "largest = 1.0"),
    "That is sigma(0), not its slope there": ("largest = 0.25", "largest = 0.5"),
    "Slopes in a chain are multiplied, not added": ("factor = 0.25 ** 10", "factor = 2.5"),
    "That is one layer divided by ten; each layer multiplies once more": ("factor = 0.25 ** 10", "factor = 0.025"),
    "A larger rate scales the first and the last layer alike, and the last one then jumps": ('"b"', '"a"'),
    "With all weights 0 every neuron of a layer gets the same gradient for ever": ('"b"', '"c"'),
    "A larger batch makes the gradient less noisy, not larger": ('"b"', '"d"'),
}
