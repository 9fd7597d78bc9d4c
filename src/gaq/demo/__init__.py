"""The whole workflow: label, train, quantize, check, run MD, report. `gaq demo` calls it."""
