"""Files of vectors as other programs write and read them: one file a format, all behind `Format`."""
