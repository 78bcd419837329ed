"""Models written a second time, from the formulas, to hold the program against."""
