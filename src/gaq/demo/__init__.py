"""The main job, end to end: label, train, quantize, check, move, report. `gaq demo` calls it."""
