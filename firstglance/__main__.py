"""`python -m firstglance` is the command `firstglance`."""

from app.cli.main import run

if __name__ == "__main__":
    run()
