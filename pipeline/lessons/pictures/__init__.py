"""The pictures of the lessons, one file each, in one style; the only place that knows matplotlib."""
