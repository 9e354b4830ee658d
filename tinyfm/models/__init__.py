"""Models: one file is one model and one recipe.  `choose` leads from a task to a network.

Language models, in this order: counts, bigram, mlp, recurrent, gpt, gpt2.  language trains them, generate lets them
write, saved keeps them, compare_language shows how near each comes to what is possible.
"""
