"""The questions of a study, one file each: from what was measured to an answer. Pure functions."""
