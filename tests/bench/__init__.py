"""`make bench`: what shannot costs, beside plain Python and each peer that is installed."""
