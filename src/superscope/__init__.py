"""superscope: how much meaning is packed into a language model's width."""

import lazy_loader

# The public names stand in __init__.pyi, for type checkers and for this, which imports each when
# it is first used: `import superscope` costs next to nothing.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
