"""The built-in plugins: each folder could live in a repository of its own."""
