"""The channels' own plugins for Apprise: same URL schemes, but they read the answer and keep to a time and a length.

Imported at the first send only, because they import Apprise.
"""
