"""The files of a city directory: how they are read, what is judged, and the city they make.

Pure: texts go in, a city and faults come out.
"""
