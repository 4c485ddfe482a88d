"""Questions asked in a terminal: how they are put, and how their answers are shown."""
