"""The user's knowledge: documents in one GeoPackage, found by words, by meaning, by picture and by place.

Knows vectors, text and coordinates; which model makes the vectors, and what is asked, is decided by tasks.
"""
