"""Question: shapes and numbers of a convolutional network

    image                      (28, 28, 1)
    Conv2D(8, 3)               "valid", strides 1
    MaxPooling2D(2)            2 x 2, strides 2
    Conv2D(16, 3)              "valid", strides 1
    MaxPooling2D(2)
    Flatten
    Dense(10)

1. The height after the first convolution, after the first pooling, after the second convolution and the second pooling:
   set `heights` to the list of these four numbers.
2. How many numbers leave Flatten?  Set `flat`.
3. How many weights and biases has the second convolution?  Set `weights`.
4. Which layer has the most weights: the first convolution, the second, or Dense?  Set `largest` to "a", "b" or "c".
"""

# BEGIN SOLUTION
heights = [26, 13, 11, 5]
flat = 400
weights = 1168
largest = "c"
# END SOLUTION


# CHECKS
from tinyfm.exercises.laws import answers, check

minutes = 10
requires = ["conv2d", "max_pooling"]
hints = [
    "A window of 3 fits at n - 2 places; pooling divides by 2 and drops what is left over.",
    "A convolution has kh kw channels filters weights, and one bias for each filter; its image size does not matter.",
    "heights = [..., ..., ..., ...]\nflat = height * width * channels\nweights = 3 * 3 * ... * ... + ...",
]
after = """
The convolutions see every pixel with 80 and 1,168 numbers; the dense layer needs 4,010 for a small rest of the image.  Most
of the work is in the convolutions, most of the weights are in the dense layers.
"""


@check
def the_heights(student, rng): answers(student, "heights", [26, 13, 11, 5])


@check
def after_flatten(student, rng): answers(student, "flat", 400)


@check
def of_the_second_convolution(student, rng): answers(student, "weights", 1168)


@check
def where_most_weights_are(student, rng): answers(student, "largest", "c")


mistakes = {
    "A valid window of 3 fits at 26 places of 28, not at 28": ("[26, 13, 11, 5]", "[28, 14, 14, 7]"),
    "A window of 3 loses two places, not three": ("[26, 13, 11, 5]", "[25, 12, 9, 4]"),
    "11 / 2 is rounded down: the last row is dropped": ("[26, 13, 11, 5]", "[26, 13, 11, 6]"),
    "The channels are missing: 16 of them": ("flat = 400", "flat = 25"),
    "The channels after the second convolution are 16, not 8": ("flat = 400", "flat = 200"),
    "The biases are missing, one for each filter": ("weights = 1168", "weights = 1152"),
    "Each filter looks at all 8 channels": ("weights = 1168", "weights = 160"),
    "80 weights: 3 x 3 for each of 8 filters, and 8 biases": ('"c"', '"a"'),
    "1,168 weights; Dense has 400 x 10 + 10": ('"c"', '"b"'),
}
