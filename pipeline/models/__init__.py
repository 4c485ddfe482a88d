"""The mathematics: one file for each objective, forward beside gradient."""
