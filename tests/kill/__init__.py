"""Kill -9 at random points: ``python -m tests.kill --kills N`` (or ``make kill-test KILLS=N``)."""
