"""superscope: how much meaning is packed into a language model's width."""

import lazy_loader

# __init__.pyi lists the public names, for type checkers and for lazy_loader, which imports each
# name on first use, so that `import superscope` is fast.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
