"""One line for each op: the op, what is drawn for it, and an independent formula for its value.

Where no formula is given, the value must equal NumPy's function of the same name.  A new op is tested by adding a line.
"""
from tests.ops.examples_elementwise import ACTIVATIONS, ELEMENTWISE
from tests.ops.examples_linear import LINEAR, REDUCE
from tests.ops.examples_networks import LOSSES, NETWORKS, NORMS
from tests.ops.examples_shape import SHAPE
from tests.ops.examples_windows import WINDOWS
from tests.ops.line import Line

__all__ = ["EXAMPLES", "Line"]
EXAMPLES = [*ELEMENTWISE, *ACTIVATIONS, *SHAPE, *REDUCE, *LINEAR, *WINDOWS, *NORMS, *LOSSES, *NETWORKS]
