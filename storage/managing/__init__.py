"""What is done with models once they are published; each command in one transaction."""
