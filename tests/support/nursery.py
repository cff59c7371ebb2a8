"""Verses that small models know by heart, with forty probes."""

import json
from pathlib import Path

VERSES = {
    "twinkle": """Twinkle, twinkle, little star,
How I wonder what you are!
Up above the world so high,
Like a diamond in the sky.
When the blazing sun is gone,
When he nothing shines upon,
Then you show your little light,
Twinkle, twinkle, all the night.""",
    "lamb": """Mary had a little lamb,
Its fleece was white as snow;
And everywhere that Mary went
The lamb was sure to go.
It followed her to school one day,
Which was against the rule;
It made the children laugh and play
To see a lamb at school.""",
    "psalm": """The Lord is my shepherd; I shall not want.
He maketh me to lie down in green pastures:
he leadeth me beside the still waters.
He restoreth my soul:
he leadeth me in the paths of righteousness for his name's sake.
Yea, though I walk through the valley of the shadow of death,
I will fear no evil: for thou art with me;
thy rod and thy staff they comfort me.""",
    "summer": """Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date;
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd;
And every fair from fair sometime declines,
By chance or nature's changing course untrimm'd;""",
    "row": """Row, row, row your boat,
Gently down the stream.
Merrily, merrily, merrily, merrily,
Life is but a dream.
Row, row, row your boat,
Gently down the stream.
If you see a crocodile,
Don't forget to scream.""",
}
"""Id → a verse of eight lines. Five titles and seven next lines each make forty probes."""
FORTY = ("--controls", "none", "-k", "test_title or test_next_line")


def nursery(folder: Path) -> tuple[str, ...]:
    """The options that ask for them, written to a folder."""
    file = folder / "nursery.jsonl"
    poems = [
        {
            "id": name,
            "title": verse.split("\n")[0].rstrip(",;:.?"),
            "author": "Anonymous",
            "language": "en",
        }
        | {"lines": verse.split("\n")}
        for name, verse in VERSES.items()
    ]
    file.write_text("".join(json.dumps(poem) + "\n" for poem in poems))
    return "--poems", str(file), *FORTY
