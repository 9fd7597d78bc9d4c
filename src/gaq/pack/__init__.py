"""A model packed for use: weights as integers, everything an engine needs, in one file without code.

`format` reads and writes such a file with NumPy alone; `export`, which makes one of a network, is the only bridge from
training to deployment and the only part that imports torch.
"""
