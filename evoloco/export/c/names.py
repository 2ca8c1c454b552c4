"""Names that C has already, and what functions of Python are called there."""

import math

import numpy as np

_KEYWORDS = """
auto bool break case char const continue default do double else enum extern false float for goto if
inline int long register restrict return short signed sizeof static struct switch true typedef union
unsigned void volatile while
"""
KEYWORDS = frozenset(_KEYWORDS.split())

FUNCTIONS = {
    **{name: name for name in ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh")},
    **{name: name for name in ("tanh", "exp", "expm1", "log", "log10", "log2", "log1p", "sqrt")},
    **{name: name for name in ("hypot", "fmod", "copysign", "atan2", "fabs", "trunc", "asinh")},
    **{name: name for name in ("acosh", "atanh", "pow", "floor", "ceil", "cbrt")},
    **{"arctan2": "atan2", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "rint": "rint"},
    **{"abs": "fabs", "absolute": "fabs", "power": "pow", "round": "rint", "around": "rint"},
    **{"arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh"},
}
"""Function of `math` or NumPy -> that of libm."""

OF_MODULES = {math: frozenset(dir(math)) - {"round"}, np: frozenset(dir(np))}
"""Modules whose functions C has, and their names."""

WHOLE = frozenset(["floor", "ceil", "trunc"])
"""Functions that give an integer in `math`, and a real number in NumPy."""

HELPERS = {
    "largest": "static real largest(real a, real b)\n{\n    return b > a ? b : a;\n}",
    "smallest": "static real smallest(real a, real b)\n{\n    return b < a ? b : a;\n}",
    "largest_int": "static int largest_int(int a, int b)\n{\n    return b > a ? b : a;\n}",
    "smallest_int": "static int smallest_int(int a, int b)\n{\n    return b < a ? b : a;\n}",
    "absolute_int": "static int absolute_int(int a)\n{\n    return a < 0 ? -a : a;\n}",
    "square": "static real square(real x)\n{\n    return x * x;\n}",
    "cube": "static real cube(real x)\n{\n    return x * (x * x);\n}",
    "sign": "static real sign(real x)\n{\n    return (real)((x > 0) - (x < 0));\n}",
    "floor_divide": (
        "/* Rounds down, as Python does. */\n"
        "static int floor_divide(int a, int b)\n{\n"
        "    return a / b - ((a % b != 0) && ((a < 0) != (b < 0)));\n}"
    ),
    "modulo": (
        "/* Has the sign of b, as in Python. */\n"
        "static int modulo(int a, int b)\n{\n"
        "    return (a % b != 0) && ((a < 0) != (b < 0)) ? a % b + b : a % b;\n}"
    ),
    "real_modulo": (
        "/* Has the sign of b, as in Python. */\n"
        "static real real_modulo(real a, real b)\n{\n"
        "    real rest = M(fmod)(a, b);\n\n"
        "    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;\n}"
    ),
    "index_of": (
        "/* A place in an array of n; those below 0 count from its end, as in Python. */\n"
        "static int index_of(int i, int n)\n{\n    return i < 0 ? i + n : i;\n}"
    ),
}
"""Small functions of the exported source."""

_STANDARD = """
abs abort atexit atof atoi calloc div exit free getenv labs ldiv malloc printf putchar puts qsort
rand realloc scanf sprintf srand sscanf strtod strtol system memchr memcmp memcpy memmove memset
strcat strchr strcmp strcpy strlen isalnum isalpha isdigit tolower toupper erf erfc exp2 fdim fma
fmax fmin frexp ilogb ldexp lgamma llrint llround logb lrint lround modf nan nearbyint nextafter
remainder remquo rint round scalbn signbit tgamma j0 j1 jn y0 y1 yn gamma index main real isnan
isinf isfinite INFINITY NAN R M PARAMS all_finite
"""
STANDARD = frozenset(_STANDARD.split())
"""Names of C's library and of the exported source that a controller's function must not take."""

TAKEN = KEYWORDS | STANDARD | HELPERS.keys() | frozenset(FUNCTIONS.values())


def allowed(name: str) -> str:
    """A name of Python as C may have it."""
    return f"{name}_" if name in TAKEN else name
