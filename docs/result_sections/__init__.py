"""The sections of docs/results/index.md, each made from the JSON that a benchmark printed."""
