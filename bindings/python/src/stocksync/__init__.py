"""Stocksync for Python: everything the compiled library exports, under one name.

Owns nothing but the names. `_generated` and the library beside it are build products.
"""

from ._generated.stocksync import *  # noqa: F403
from ._generated.stocksync import __all__  # noqa: F401
