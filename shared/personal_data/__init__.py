"""Everything that is kept of one patient: shown whole, or made nobody's."""
