"""`paretorec plugins new`: a complete, small, tested package for a plugin of each kind."""

from paretorec.scaffold.package import write_package

__all__ = ["write_package"]
