"""Question: what leaks?

A colleague reports 97 % accuracy.  Which of these steps lets the network (or the choice of it) profit from the test
data? For each set the name to "leak" or "fine".

    pixels      all grey values are divided by 255
    scaler      mean and deviation are computed on all data, then it is split
    shuffle     the data is shuffled with a fixed seed before it is split
    patients    several X-rays of each patient; the split is by picture, at random
    epochs      training stops at the epoch with the best TEST accuracy, which is then reported
    augment     the training part is augmented with shifted copies, after the split
    copies      the whole data set is augmented with shifted copies, then it is split
"""

# BEGIN SOLUTION
pixels = "fine"
scaler = "leak"
shuffle = "fine"
patients = "leak"
epochs = "leak"
augment = "fine"
copies = "leak"
# END SOLUTION


# CHECKS
from tinyfm.exercises.laws import answers, check

minutes = 10
requires = ["standardise"]
hints = [
    "Ask of each step: would its result change if the test data were other data?",
    "255 is known without any data. A mean is not. And what do two pictures of one patient have in common?",
    "Four of the seven leak.",
]
after = """
A fixed constant leaks nothing; whatever is computed from, or chosen by, the test part does.  The subtle ones are groups:
pictures of one patient, words of one document, frames of one film belong on the same side.  And every choice made by a
number uses that number up: choose with a validation part, report with the test part, once.
"""


@check
def of_the_preparation(student, rng):
    answers(student, "pixels", "fine")
    answers(student, "scaler", "leak")
    answers(student, "shuffle", "fine")


@check
def of_groups_and_copies(student, rng):
    answers(student, "patients", "leak")
    answers(student, "augment", "fine")
    answers(student, "copies", "leak")


@check
def of_choices(student, rng): answers(student, "epochs", "leak")


mistakes = {
    "pixels: 255 does not depend on any data": ('pixels = "fine"', 'pixels = "leak"'),
    "scaler: mean and deviation have seen the test data": ('scaler = "leak"', 'scaler = "fine"'),
    "shuffle: an order says nothing about the content": ('shuffle = "fine"', 'shuffle = "leak"'),
    "patients: the network recognises the patient, not the illness": ('patients = "leak"', 'patients = "fine"'),
    "epochs: the best of many test results is better than the truth": ('epochs = "leak"', 'epochs = "fine"'),
    "augment: copies of training pictures stay in the training part": ('augment = "fine"', 'augment = "leak"'),
    "copies: a shifted copy of a test picture is in the training part": ('copies = "leak"', 'copies = "fine"'),
}
