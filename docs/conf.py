"""Sphinx configuration: Markdown pages and a notebook, numpydoc docstrings, formulas as MathML."""

import sys
from pathlib import Path

from superscope import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "superscope"
author = "the superscope engineers"
version = release = __version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "mathml",  # docs/_ext
    "rooms",
    "gallery",
]
exclude_patterns = ["*.py", "_ext", "data/*.md"]

myst_heading_anchors = 3  # links to sections, as a forge makes them
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "auto"  # a notebook without outputs is run
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_merge_streams = True

html_theme = "furo"
html_title = f"superscope {version}"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["superscope.css"]

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
