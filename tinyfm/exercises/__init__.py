r'''Exercises whose answer key is the engine, and how to write one.

An exercise is one file, `NN_name.py` in a folder `NN_topic/`.  What stands before the line `# CHECKS` is the student's
file with the solution in it; what follows never leaves the checker.

    """Half of it                                     <- the title; then the statement: formula, shapes, what to return

    Return x / 2 for each element of x.
    """
    import numpy as np


    def half(x):
        """x / 2;  x: any shape."""
        # BEGIN SOLUTION                              <- the stub has `raise NotImplementedError` here
        return x / 2
        # END SOLUTION


    # CHECKS
    from tinyfm.exercises.laws import agree, check, normal

    minutes = 5                                       # 5 to 30
    requires = ["neuron"]                             # names of earlier exercises, for orientation only
    hints = ["a nudge", "the formula", "the shape of the code"]
    after = """Shown after the pass: why it works."""
    compare = ["tinyfm.ops:divide"]                   # our own code, shown after the pass: "module:name"

    @check                                            # its name is what the learner reads: "halves everything"
    def halves_everything(student, rng):              # student.half(x) calls the student's function in its process
        agree(student.half, lambda x: x / 2, np.array([2.0, -4.0]), normal(rng, 3, 4))

    @check(points=2, hidden=True, seconds=5)          # 1 point, public, 10 seconds unless said otherwise; a run of
                                                      # more than 10 s waits until the checks before it have passed
    def of_nothing(student, rng): agree(student.half, lambda x: x / 2, np.zeros(0))

    mistakes = {                                      # the usual ones: a sentence -> what stands there instead
        "That is twice x, not half": "return x * 2",                    # of the only solution block, or
        "The remainder is lost": ("x / 2", "x // 2"),                   # (old text, new text) within the solution
    }
    equivalent = {"the name of a mutant": "why no check can tell it from the solution"}

`mistakes` are used twice: each must be caught by a check, and when a student's result equals that of a mistake, the
mistake's sentence is the diagnosis.  So word them as what is wrong, for the reader, and never loop without end in one.
The facts (minutes, hints, mistakes, ...) are literals: they are read without running the file.

Special lines in the student's part:

    # INSTEAD                  inside a block: the commented lines up to END are given to the student in the place of
                               the block (broken code to mend, a loop to fill in)
    # CUT tinyfm.ops:exp.x as exp_x          the engine's own rule for x as a function of NumPy, as a block to write
    # CUT tinyfm.nn.init:fans                any function of ours that needs only numpy, as a block to write
    RATE = 0.1  # VARIANT 0.05 0.1 0.2       in a course each student has one of these; checks use the name RATE too

The student's code runs in a child process (`runner`, `child`), without tinyfm; arrays arrive there read-only.  The
checks run here, with tinyfm.  Their vocabulary (`laws`):

    agree(student.f, ours, case, ...)      equal results for each case: an argument or a tuple, settings as a last dict;
                                           also arguments that are functions (they stay here and are asked)
    gradients(student.f, forward, x, ...)  student.f(g, x, ...) is judged, and its bug named, by the gradient checker
    play(student, scenario, expected, ...) scenario(module, ...) runs beside the student's code: for classes, state,
                                           in-place updates; expected: a value or `solution`, this file's own module.
                                           It may use only its arguments and np, and returns numbers and arrays
    same(found, expected)                  compare what a check has put together itself
    answers(student, "name", value)        a question: the student's file sets a name (a letter, a number)
    refuses(student.f, ..., error="ValueError")        it raises
    vectorised(student.f, ours, ...)       not many times slower than ours: loops are told so
    swapped(op, forward=student.f, x=student.rule)     with: the engine runs on the student's code
    sparkline(losses)                      a curve in a line; what a check returns is shown when it has passed
    raise Wrong("kind", "what is wrong", "what to do")

The reference is the engine's function where there is one (`from tinyfm.ops import softmax as ours`); the solution in
the file must agree with it, which its own checks prove.  Numbers: `rng` is seeded anew for each check and each student.

    python -m tinyfm.exercises NAME ...      proves: every check fails the stub and passes the solution, and which wrong
                                             versions survive (the listed mistakes, and every single change of a sign,
                                             term, axis, comparison, number, name that `mutants` can think of)

Topics: 01_neuron 02_chain_rule 03_rules 04_matmul 05_softmax 06_engine 07_layers 08_optimisers 09_training
10_convolution 11_planning 12_policies 13_representation 14_language 15_data 16_debugging.

Rules: 95 % of the wrong versions are caught; no exercise needs a later one; a file has 40 to 90 lines; for each thing
that can go wrong a check is public; hidden ones only draw more of the same, so that nobody is surprised.
'''
