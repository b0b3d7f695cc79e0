"""Sphinx configuration: Markdown pages, numpydoc docstrings."""

from superscope import __version__

project = "superscope"
author = "the superscope engineers"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
myst_heading_anchors = 3  # links to sections, as a forge makes them
myst_enable_extensions = ["dollarmath"]
exclude_patterns = ["*.py", "data/*.md"]
html_theme = "furo"
html_title = f"superscope {version}"
autodoc_typehints = "none"
numpydoc_show_class_members = False
