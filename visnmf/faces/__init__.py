"""Faces from ordinary photos: found, turned upright, and brought to one frame.

`align_faces` makes a set of a person's own photos; `find_faces` tells where faces are in one
picture. Knows pictures and no solver.
"""
