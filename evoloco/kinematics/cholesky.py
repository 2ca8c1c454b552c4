"""Small positive definite systems: compiled."""

import math

from evoloco.fields import Array
from evoloco.sim.native import jit


@jit
def cholesky(matrix: Array, vector: Array) -> None:
    """Solves a positive definite system in place, by Cholesky's factors A = L Lᵀ.

    Written out, since a library's answer differs between processors in its last bits.
    """
    size = vector.size
    for j in range(size):
        for k in range(j):
            matrix[j, j] -= matrix[j, k] ** 2
        matrix[j, j] = math.sqrt(matrix[j, j])
        for i in range(j + 1, size):
            for k in range(j):
                matrix[i, j] -= matrix[i, k] * matrix[j, k]
            matrix[i, j] /= matrix[j, j]

    for i in range(size):  # L y = b
        for k in range(i):
            vector[i] -= matrix[i, k] * vector[k]
        vector[i] /= matrix[i, i]
    for i in range(size - 1, -1, -1):  # Lᵀ x = y
        for k in range(i + 1, size):
            vector[i] -= matrix[k, i] * vector[k]
        vector[i] /= matrix[i, i]
