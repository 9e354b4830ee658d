"""The instructor's kit: a folder of exercises becomes a course that is built, proved, graded and looked back on.

    tinyfm course new   hw1 --from softmax          course.toml, .secret, exercises in topics
    tinyfm course check hw1                         stubs fail, solutions pass, nothing leaks, wrong versions are caught
    tinyfm course build hw1 -o dist                 student folders, Gradescope, Classroom 50, solutions, points
    tinyfm course grade hw1 SUBMISSIONS -o grades.csv
    tinyfm course report hw1 grades.csv -o report.html

An exercise is one file (see `tinyfm.exercises`): the student's part with its solution, the checks, the points.  With
`variants = true` in course.toml each student has values of their own where a line says VARIANT, and data of their own
in every check: the seed is HMAC-SHA256(secret, student, exercise), so that it can be had again, but not guessed.

The grader trusts nothing: student code runs in a child process with limits, without tinyfm, and can only return
numbers; references and expected values stay with the parent, which compares.  The kernel helps where it can: on Linux
the child may read nothing but Python's libraries, write only in its empty folder, start no process, signal nobody and
reach no network (`tinyfm.exercises.confine`), and where the grader is root it runs as a user of its own.  Elsewhere an
audit hook refuses the same, which stops accidents and the usual tricks, but not code that writes into its own memory.
Neither is a sandbox for attackers: for them run the grader in a container, without network and as a plain user.
"""
