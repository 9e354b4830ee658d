"""Stop at the right time

The loss on data that the network does not train on falls at first, and rises again when it begins to learn the noise.
Keep the weights of the best epoch, and stop when there was no better one for `patience` epochs:

    stopping_epoch([5, 3, 4, 4, 2], patience=2)  ->  stops after epoch 3; the best was epoch 1

Epochs are counted from 0.  Better means smaller by more than `min_delta`.  Return (the epoch after which it stops, the
best epoch).  If it never stops, the first is the last epoch.  NaN is never better.
"""


def stopping_epoch(losses, patience, min_delta=0.0):
    """(last epoch, best epoch) for a list of validation losses, at least one."""
    # BEGIN SOLUTION
    best, best_epoch = float("inf"), 0
    for epoch, loss in enumerate(losses):
        if loss < best - min_delta:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            return epoch, best_epoch
    return len(losses) - 1, best_epoch
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check

minutes = 10
hints = [
    "Remember the best loss and its epoch. How many epochs ago was it?",
    "If loss < best - min_delta: a new best. Else, if epoch - best_epoch >= patience: stop here.",
    "best, best_epoch = float('inf'), 0\nfor epoch, loss in enumerate(losses):\n    if ...:\n        best, best_epoch = ...\n"
    "    elif ... >= patience:\n        return ...\nreturn ...",
]
after = """
Patience is needed because the loss is noisy, the best weights because the last ones are `patience` epochs too old.  The
epoch is then chosen WITH the validation data, so the number to publish must come from a third set.
"""
compare = ["tinyfm.train:EarlyStopping"]


def case(losses, *more): return (losses, *more)


@check
def the_example(student, rng): agree(student.stopping_epoch, (3, 1), case([5.0, 3.0, 4.0, 4.0, 2.0], 2))


@check
def it_never_stops(student, rng):
    agree(student.stopping_epoch, stopping_epoch, case([5.0, 4.0, 3.0], 1), case([1.0], 1), case([3.0, 1.0, 2.0, 2.0], 3))


@check
def patience_of_one(student, rng):
    agree(student.stopping_epoch, stopping_epoch, case([2.0, 2.0, 1.0], 1), case([3.0, 2.0, 2.5, 1.0], 1))


@check
def better_by_more_than_min_delta(student, rng):
    agree(student.stopping_epoch, stopping_epoch, case([1.0, 0.95, 0.9, 0.8, 0.79, 0.78], 2, 0.15), case([2.0, 1.0, 1.0, 1.0], 2, 1.0),
          case([2.0, 1.0, 1.5, 1.9], 2, 0.5))


@check
def nan_is_never_better(student, rng):
    nan = float("nan")
    agree(student.stopping_epoch, stopping_epoch, case([2.0, nan, nan, 1.0], 2), case([nan, nan, nan, nan], 3), case([nan, 1.0, 2.0], 5))


mistakes = {
    "It stops one epoch too early": (">= patience", ">= patience - 1"),
    "It stops one epoch too late": (">= patience", "> patience"),
    "Equal counts as better": ("loss < best - min_delta", "loss <= best - min_delta"),
    "min_delta is ignored": ("loss < best - min_delta", "loss < best"),
    "min_delta has the wrong sign": ("best - min_delta", "best + min_delta"),
    "Compared with the epoch before, not with the best":
        ("    if loss < best - min_delta:\n            best, best_epoch = loss, epoch",
         "    before, best = best, loss\n        if loss < before - min_delta:\n            best_epoch = epoch"),
    "The best loss is remembered, its epoch is not": ("best, best_epoch = loss, epoch", "best = loss"),
    "The last epoch is returned as the best": ("return epoch, best_epoch", "return epoch, epoch"),
    "The largest loss is taken for the best": ("loss < best - min_delta", "loss > best + min_delta or best == float('inf')"),
    "The number of epochs, not the last epoch": ("return len(losses) - 1, best_epoch", "return len(losses), best_epoch"),
}
