"""The commands of `firth`, one file each."""
