"""From raw tables to coded arrays, and from coded arrays to requests with their histories and targets."""
