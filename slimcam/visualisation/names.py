"""The names of the table recipes.RECIPES, and what each is, for the command line: the table itself needs NumPy."""

RECIPES = {
    "book": "the Keras book's, 40 steps on plain pixels",
    "lucid": "lucid's, 513 steps on frequencies, through random shifts, scales and turns",
}
