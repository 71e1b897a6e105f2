"""`python -m paretorec`: the command line."""

from paretorec.cli import main

if __name__ == "__main__":
    main()
