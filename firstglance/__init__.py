"""First Glance."""

from firstglance.own_code import require_own_code

require_own_code()
