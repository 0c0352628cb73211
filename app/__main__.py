"""`tidu`, and `python -m app`: the command line."""

from app.core.heap import settled

with settled():
    from app.cli import main

if __name__ == "__main__":
    main()
