"""What a corpus will need before anything long starts: counts, memory, disk and time, from a sample of the text."""
