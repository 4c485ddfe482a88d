"""`python -m pipeline` is `firth`."""

from pipeline.cli import main

if __name__ == "__main__":
    main()
