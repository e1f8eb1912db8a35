"""The report: what a build counts, what it recovered, and what those numbers warn of."""
