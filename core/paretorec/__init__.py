"""ParetoRec: from interaction logs to a certified Pareto front of servable ranking policies."""
