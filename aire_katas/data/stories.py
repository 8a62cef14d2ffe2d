"""Little stories in the manner of TinyStories, whose entropy is known exactly.

A hero is met by name, wants a thing, looks for it in a place and finds it. The name of the first sentence
returns in the last, with the right pronoun between, and so do the thing and the place: a model that forgets
the beginning of a story stays well above the floor.
"""

import numpy as np

from aire_katas.data.grammar import Grammar

STORY = {
    "STORY": ["MEETING WISH SEARCH END"],
    "MEETING": ["TIME there was a KIND named NAME#hero .", "NAME#hero was a KIND ."],
    "TIME": ["once", "one day", "long ago"],
    "KIND": ["little CREATURE", "CREATURE", "very little CREATURE"],
    "CREATURE": ["child", "fox", "bird"],
    "NAME": ["lily", "mia", "tom", "ben"],
    "PRONOUN": ["she", "she", "he", "he"],
    "WISH": ["PRONOUN#hero wanted a THING#wish .", "every day PRONOUN#hero dreamed of a THING#wish ."],
    "THING": ["ball", "kite", "red hat", "big red ball"],
    "SEARCH": [
        "in the PLACE#where PRONOUN#hero looked and looked .",
        "so PRONOUN#hero went to the PLACE#where .",
    ],
    "PLACE": ["garden", "forest", "old house"],
    "END": [
        "in the PLACE#where was the THING#wish , and NAME#hero was happy .",
        "NAME#hero found the THING#wish .",
    ],
}


def little_stories(seed: int) -> Grammar:
    """The language of the rules above, each right side with a weight from 1 to 9 drawn by the seed."""
    rng = np.random.default_rng(seed)
    return Grammar(
        {symbol: [(s, int(rng.integers(1, 10))) for s in sides] for symbol, sides in STORY.items()}
    )
