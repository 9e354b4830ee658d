"""Models: one file is one model and one recipe.  `choose` leads from a task to a network."""
